import type { Core } from './core.ts';
import type { Deadlines } from './deadlines.ts';
import { ENDINGS, endingOfState } from './endings.ts';

/**
 * Looks after a session that is ready: a page that answers, a state that is what it was told to be, and, when nothing
 * was heard for long, a server that answers a question about our own number. Returns how to stop.
 */
export function superviseLife(life: {
  core: Core;
  deadlines: Deadlines;
  monotonicMs: () => number;
  ended(): boolean;
}): () => void {
  const { core, deadlines, monotonicMs } = life;
  let misses = 0;
  let silences = 0;
  let isLooking = false;

  const timer = setInterval(() => {
    if (!core.isReady || isLooking) return;
    isLooking = true;
    void beat().finally(() => (isLooking = false));
  }, deadlines.heartbeatMs);

  async function beat(): Promise<void> {
    try {
      const { state } = await core.snapshot(deadlines.heartbeatLimitMs);
      misses = 0;
      const ending = state === null ? null : endingOfState(state);
      if (ending) await core.end(ending);
    } catch {
      misses += 1;
      if (misses >= 2 && !life.ended()) await core.end(ENDINGS.silent);
    }
    if (core.isReady && monotonicMs() - core.quietSinceMs > deadlines.selfCheckMs) await checkServer();
  }

  /** "Connected" is only what the page believes; whether its server is there, only the server can show. */
  async function checkServer(): Promise<void> {
    const { identity } = core;
    if (!identity) return;
    try {
      await core.ask(one => one.numberId(identity.phone), deadlines.heartbeatLimitMs);
      silences = 0;
      core.moved();
    } catch {
      silences += 1;
      if (silences >= 2 && !life.ended()) await core.end(ENDINGS.dead);
    }
  }

  return () => clearInterval(timer);
}
