import type { Logger } from '../platform/logger.ts';

export interface Loop {
  /** Looks now, or as soon as the present look has ended. */
  wake(): void;
  /** Ends after the present look. */
  stop(): Promise<void>;
}

const AFTER_ERROR_MS = 1_000;

/** Looks again and again: after what `look` returns (machine milliseconds), or when woken. An error is logged and it goes on. */
export function startLoop(name: string, look: () => Promise<number>, logger: Logger): Loop {
  let stopped = false;
  let woken = false;
  let rouse: (() => void) | null = null;

  const rest = (ms: number) =>
    new Promise<void>(resolve => {
      if (woken || stopped) {
        resolve();
        return;
      }
      const timer = setTimeout(resolve, ms);
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async () => {
    while (!isStopped()) {
      woken = false;
      const ms = await look().catch((error: unknown) => {
        logger.error('A look went wrong.', { loop: name, error });
        return AFTER_ERROR_MS;
      });
      await rest(ms);
      rouse = null;
    }
  };
  const isStopped = () => stopped;
  const running = run();
  return {
    wake() {
      woken = true;
      rouse?.();
    },
    stop() {
      stopped = true;
      rouse?.();
      return running;
    },
  };
}
