import type { Core } from './core.ts';
import type { Deadlines } from './deadlines.ts';
import { REFRESH_QR, TELL_SYNCED } from './page-scripts.ts';

export interface Connecting {
  qrShown(): void;
  linkBegun(): void;
  /** It was ready and is not any more: look until it is again. */
  lost(): void;
  stop(): void;
}

/**
 * Looks at the page until it is ready, since the library does not always say what it should: codes that have stopped
 * changing, a page that synced before anybody listened, or one that never does. The start has a deadline; so has the
 * time in which codes are shown.
 */
export function watchConnecting(watch: {
  deadlines: Deadlines;
  monotonicMs: () => number;
  core: Core;
  reconcile(): void;
  linking(): void;
  tooLong(): void;
  linkTimeout(): void;
}): Connecting {
  const { deadlines, core, monotonicMs } = watch;
  let untilMs = 0;
  let qrAtMs: number | null = null;
  let firstQrMs: number | null = null;
  let syncedSinceMs: number | null = null;
  let isLooking = false;
  let hasReloaded = false;

  let timer: NodeJS.Timeout | null = null;

  const tick = (): void => {
    if (!core.isAlive) return;
    if (monotonicMs() > untilMs) {
      stop();
      if (firstQrMs === null || !core.isLinking) watch.tooLong();
      else watch.linkTimeout();
      return;
    }
    if (isLooking) return;
    isLooking = true;
    void look()
      // A page that is loading or busy has nothing to say; the deadline above goes on.
      .catch(() => undefined)
      .finally(() => (isLooking = false));
  };
  const start = (forMs: number): void => {
    untilMs = monotonicMs() + forMs;
    syncedSinceMs = null;
    timer ??= setInterval(tick, deadlines.watchMs);
  };
  const stop = (): void => {
    if (timer) clearInterval(timer);
    timer = null;
  };
  start(deadlines.startMs);

  async function look(): Promise<void> {
    const { state, hasSynced } = await core.snapshot(deadlines.heartbeatLimitMs);
    if (core.isLinking && (state === 'PAIRING' || state === 'CONNECTED')) watch.linking();
    if (core.isLinking) await renewCode(state);
    if (state !== 'CONNECTED' || !hasSynced) {
      syncedSinceMs = null;
      return;
    }
    syncedSinceMs ??= monotonicMs();
    if (monotonicMs() - syncedSinceMs < 2 * deadlines.watchMs) return;
    watch.reconcile();
    if (!core.isReady) await core.ask(one => one.evaluate(TELL_SYNCED));
  }

  /** Codes that have come to their end are asked for anew; if that does not help, the page begins again, once. */
  async function renewCode(state: string | null): Promise<void> {
    const lifeMs = qrAtMs === firstQrMs ? deadlines.firstQrLifeMs : deadlines.qrLifeMs;
    const ageMs = monotonicMs() - (qrAtMs ?? 0);
    if (ageMs > 3 * lifeMs && !hasReloaded) {
      hasReloaded = true;
      await core.ask(one => one.reload());
    } else if (state === 'UNPAIRED_IDLE' || ageMs > 2 * lifeMs) {
      await core.ask(one => one.evaluate(REFRESH_QR));
    }
  }

  return {
    qrShown() {
      qrAtMs = monotonicMs();
      if (firstQrMs !== null) return;
      firstQrMs = qrAtMs;
      untilMs = qrAtMs + deadlines.linkWindowMs;
    },
    linkBegun() {
      untilMs = monotonicMs() + deadlines.startMs;
    },
    lost: () => start(deadlines.awayMs),
    stop,
  };
}
