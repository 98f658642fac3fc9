import type { Logger } from './logger.ts';

/** What is opened is closed, backwards. */
export interface Shutdown {
  /** To be closed by `close`; beside every opening. `timeoutMs` (default 15 s): after it the next one gets its turn. */
  defer(name: string, close: () => unknown, options?: { timeoutMs?: number }): void;
  /** Closes all, the last opened first; never rejects, the same promise when called again. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 15_000;

export function createShutdown(logger: Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>): Shutdown {
  const opened: { name: string; close: () => unknown; timeoutMs: number }[] = [];
  let closing: Promise<void> | null = null;

  const closeAll = async (): Promise<void> => {
    for (let last = opened.pop(); last; last = opened.pop()) {
      const outcome = await bounded(last.close, last.timeoutMs);
      if (outcome === 'closed') logger.debug('Closed.', { part: last.name });
      else if (outcome === 'late')
        logger.warn('Did not close in time.', { part: last.name, timeoutMs: last.timeoutMs });
      else logger.error('Could not be closed.', { part: last.name, error: outcome.error });
    }
  };
  return {
    defer: (name, close, options = {}) => {
      opened.push({ name, close, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS });
    },
    close: () => (closing ??= closeAll()),
  };
}

async function bounded(
  close: () => unknown,
  timeoutMs: number,
): Promise<'closed' | 'late' | { error: unknown }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>(resolve => {
    timer = setTimeout(() => resolve('late'), timeoutMs);
  });
  const run = async (): Promise<'closed'> => {
    await close();
    return 'closed';
  };
  try {
    return await Promise.race([run(), late]);
  } catch (error) {
    return { error };
  } finally {
    clearTimeout(timer);
  }
}
