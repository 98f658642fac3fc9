import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../platform/clock.ts';
import type { Events } from '../platform/events.ts';
import type { Db, Document } from '../platform/mongo.ts';
import { NOT_PAUSED, wakeChannelUpdate } from './alarm.ts';
import type { ChannelDoc, ChannelHealth, HealthBand } from './channel-model.ts';
import { gatherSignals } from './health-signals.ts';
import { isLooser, nextHealth, scoreHealth, WARMUP_LEVELS_LOST } from './health.ts';
import { setBack } from './warm-up.ts';

export interface HealthChange {
  channelId: string;
  memberId: string;
  from: HealthBand;
  health: ChannelHealth;
}

export interface RefreshDeps {
  db: Db;
  clock: Clock;
  events: Pick<Events, 'publish'>;
  wakeChannel(channelId: string): void;
  /** How many messages a day this member's channel may send. */
  dailyCap(memberId: string): Promise<number>;
  changed(change: HealthChange): void;
}

type Seen = Pick<
  ChannelDoc,
  '_id' | 'memberId' | 'health' | 'stateReason' | 'linkedAt' | 'inUseSince' | 'pace'
>;

/**
 * Computes the health of a channel and stores it on the channel, from where the pace takes it. Two processes at once
 * are harmless: the one that read an older health writes nothing.
 */
export async function refreshHealth(channelId: string, deps: RefreshDeps): Promise<void> {
  const channels = deps.db.collection<ChannelDoc>('channels');
  const seen = await channels.findOne<Seen>(
    { _id: channelId },
    {
      projection: {
        ...{ memberId: 1, health: 1, stateReason: 1, linkedAt: 1, inUseSince: 1 },
        'pace.warmupSince': 1,
      },
    },
  );
  if (!seen) return;
  const now = deps.clock.now();
  if (seen.health.at !== null && seen.health.at > now) return;
  const scored = scoreHealth(await gatherSignals(seen, now, deps.db));
  const health = nextHealth(seen.health, scored, now);
  // The end of a turn writes the whole pace, so the setback after a critical spell waits for a moment without one.
  const leavesCritical = seen.health.band === 'critical' && health.band !== 'critical';
  const written = await channels.updateOne(
    { ...asSeen(seen), ...(leavesCritical ? { turn: { $exists: false } } : {}) },
    { $set: { health, ...(leavesCritical ? { 'pace.warmupSince': await setBackOf(seen, now, deps) } : {}) } },
  );
  if (written.matchedCount === 0) return;
  await tell(seen, health, deps);
}

const setBackOf = async (seen: Seen, now: Date, deps: RefreshDeps): Promise<Date> =>
  setBack(seen, { now, levels: WARMUP_LEVELS_LOST, cap: await deps.dailyCap(seen.memberId) });

const asSeen = ({ _id, health }: Seen): Document => ({
  _id,
  'health.at': health.at,
  'health.band': health.band,
});

async function tell(seen: Seen, health: ChannelHealth, deps: RefreshDeps): Promise<void> {
  const { _id: channelId, memberId } = seen;
  const { score, band, reasons } = health;
  const news = { score, band, reasons: reasons.map(({ points, sentence }) => ({ points, sentence })) };
  if (
    score !== seen.health.score ||
    band !== seen.health.band ||
    !isDeepStrictEqual(reasons, seen.health.reasons)
  ) {
    await deps.events.publish(memberId, { type: 'health', data: news }, { keep: true });
  }
  if (band === seen.health.band) return;
  deps.changed({ channelId, memberId, from: seen.health.band, health });
  // A looser brake may let something go at once; a stricter one is met by the next turn.
  if (!isLooser(seen.health.band, band)) return;
  await deps.db
    .collection<ChannelDoc>('channels')
    .updateOne({ _id: channelId, ...NOT_PAUSED }, wakeChannelUpdate(deps.clock.now()));
  deps.wakeChannel(channelId);
}
