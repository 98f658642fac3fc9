import type { Core } from './core.ts';
import { ENDINGS } from './endings.ts';
import { memoryOfTree } from './processes.ts';

export interface MemoryLimits {
  /** What all sessions together may take, in bytes. */
  budgetBytes: number;
  /** What one may take before it is opened anew, in bytes. */
  ceilingBytes: number;
  measureMs: number;
}

/** Keeps the memory of all sessions within a budget: measured, shared pages counted once. */
export interface MemoryWatch {
  add(channelId: string, core: Core): void;
  remove(channelId: string): void;
  /** Whether one more session of the usual size would still fit. */
  hasRoom(): boolean;
  /** As of the last measurement. */
  usedBytes(): number;
}

/** What a session takes before any was measured: a headless shell with a page of some weight. */
const USUAL_BYTES = 200 * 2 ** 20;

export function watchMemory(
  limits: MemoryLimits,
  logger: { warn(message: string, fields: Record<string, unknown>): unknown },
): MemoryWatch {
  const cores = new Map<string, Core>();
  const sizes = new Map<string, number>();
  let timer: NodeJS.Timeout | null = null;

  const plan = (): void => {
    timer = setTimeout(() => {
      void measure().finally(() => {
        timer = null;
        if (cores.size > 0) plan();
      });
    }, limits.measureMs);
    timer.unref();
  };

  async function measure(): Promise<void> {
    for (const [channelId, core] of cores) {
      const pid = core.client.browserProcess()?.pid;
      if (pid === undefined) continue;
      const bytes = await memoryOfTree(pid);
      // It may have ended while it was measured.
      if (!cores.has(channelId)) continue;
      sizes.set(channelId, bytes);
      // A send that is under way is waited for: the next look is soon enough.
      if (bytes > limits.ceilingBytes && core.sends.underWay === 0 && core.isReady) {
        logger.warn('A session is opened anew because of its memory.', { channelId, bytes });
        void core.end(ENDINGS.tooLarge);
      }
    }
  }

  const used = (): number => [...cores.keys()].reduce((sum, id) => sum + (sizes.get(id) ?? USUAL_BYTES), 0);
  const usual = (): number =>
    sizes.size === 0 ? USUAL_BYTES : [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0) / sizes.size;

  return {
    add(channelId, core) {
      cores.set(channelId, core);
      if (!timer) plan();
    },
    remove(channelId) {
      cores.delete(channelId);
      sizes.delete(channelId);
      if (cores.size > 0 || !timer) return;
      clearTimeout(timer);
      timer = null;
    },
    hasRoom: () => cores.size === 0 || used() + usual() <= limits.budgetBytes,
    usedBytes: used,
  };
}
