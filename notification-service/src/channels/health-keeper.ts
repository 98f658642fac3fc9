import type { Clock } from '../platform/clock.ts';
import type { Events } from '../platform/events.ts';
import type { Logger } from '../platform/logger.ts';
import type { Db } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import { createAttemptLog, forgetOldAttempts } from './health-attempts.ts';
import type { Attempted } from './health-attempts.ts';
import { refreshHealth } from './health-refresh.ts';
import type { HealthChange } from './health-refresh.ts';

export interface HealthDeps {
  db: Db;
  clock: Clock;
  logger: Logger;
  events: Pick<Events, 'publish'>;
  /** Wakes the pump that hosts this channel, in whatever process it runs. */
  wakeChannel(channelId: string): void;
  /** How many messages a day this member's channel may send. */
  dailyCap(memberId: string): Promise<number>;
  /** Told when a channel's band has changed; must not throw. */
  changed(change: HealthChange): void;
}

export interface Health {
  /** What became of one send: stored off the hot path, and a signal. Never throws. */
  recordAttempt(attempted: Attempted): void;
  /** Something happened to a channel: its score is computed soon, at most once a minute. Never throws. */
  signal(channelId: string): void;
  /** Now. */
  refresh(channelId: string): Promise<void>;
  /** Every channel that was ever linked: for an hourly tick, since points also fade by themselves. */
  refreshAll(): Promise<void>;
  /** For the daily retention tick. */
  forgetOld(): Promise<void>;
  /** What was recorded is stored; no signal is followed any more. */
  stop(): Promise<void>;
}

/** Calendar time between two computations of one channel; never less than a second of the machine's. */
const AT_MOST_EVERY_MS = 60_000;
const SHORTEST_MS = 1_000;

/** Keeps the health of channels up to date, on signals and by the hour. */
export function createHealth(deps: HealthDeps): Health {
  const { db, clock, logger } = deps;
  const attempts = createAttemptLog(deps);
  const waiting = new Map<string, NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  let stopped = false;

  async function refresh(channelId: string): Promise<void> {
    await attempts.flush();
    await refreshHealth(channelId, deps);
  }
  function follow(channelId: string): void {
    waiting.delete(channelId);
    const run = refresh(channelId)
      .catch((error: unknown) =>
        logger.warn('The health of a channel could not be computed.', { channelId, error }),
      )
      .finally(() => running.delete(run));
    running.add(run);
  }
  /** The first signal of a minute begins it, its end computes: so the last signal is never lost. */
  function signal(channelId: string): void {
    if (stopped || waiting.has(channelId)) return;
    const waitMs = Math.max(SHORTEST_MS, AT_MOST_EVERY_MS / clock.rate);
    waiting.set(channelId, setTimeout(follow, waitMs, channelId).unref());
  }
  return {
    recordAttempt(attempted) {
      if (attempts.record(attempted)) signal(attempted.channelId);
    },
    signal,
    refresh,
    async refreshAll() {
      await attempts.flush();
      const linked = db
        .collection<ChannelDoc>('channels')
        .find({ linkedAt: { $ne: null } }, { projection: { _id: 1 } });
      for await (const { _id } of linked) await refreshHealth(_id, deps);
    },
    async forgetOld() {
      await forgetOldAttempts(db, clock.now());
    },
    async stop() {
      stopped = true;
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
      await Promise.all([...running, attempts.flush()]);
    },
  };
}
