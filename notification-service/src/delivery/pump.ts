import type { ChannelDoc, SessionHost } from '../channels/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Collection } from '../platform/mongo.ts';

/** It looks anyway this often (machine time), whatever the alarms say. */
const LOOK_MS = 5_000;
const MAX_REMINDERS = 1_000;

export interface PumpDeps {
  channels: Collection<ChannelDoc>;
  host: SessionHost;
  clock: Clock;
  /** The emergency stop: nothing is reminded of while it holds. */
  sendingIsOn(): Promise<boolean>;
  /** Puts one reminder; a second one for the same turn number is swallowed. */
  remind(channelId: string, turnNumber: number): Promise<void>;
}

/**
 * The pump's one question: which of this instance's channels may act? Its cost depends on what is due, not on how many
 * people are enrolled. Returns how long to sleep, in machine milliseconds.
 */
export async function pumpChannels(deps: PumpDeps): Promise<number> {
  const { host, clock } = deps;
  if (!host.isActing() || !(await deps.sendingIsOn())) return LOOK_MS;
  const now = clock.now();
  const due = await dueChannels(deps, now);
  for (const { _id, turnNumber } of due) {
    if (host.held(_id)) await deps.remind(_id, turnNumber);
  }
  return untilNextAlarm(deps, now);
}

/** Served by the `alarm` index. A turn takes the alarm away, so a channel with both has had work created meanwhile. */
function dueChannels({ channels, host }: Pick<PumpDeps, 'channels' | 'host'>, now: Date) {
  return channels
    .find({ 'owner.instance': host.instanceId, nextActionAt: { $lte: now }, turn: { $exists: false } })
    .project<Pick<ChannelDoc, '_id' | 'turnNumber'>>({ turnNumber: 1 })
    .sort({ nextActionAt: 1 })
    .limit(MAX_REMINDERS)
    .toArray();
}

async function untilNextAlarm({ channels, host, clock }: PumpDeps, now: Date): Promise<number> {
  const next = await channels.findOne(
    { 'owner.instance': host.instanceId, nextActionAt: { $gt: now } },
    { sort: { nextActionAt: 1 }, projection: { nextActionAt: 1 } },
  );
  if (!next?.nextActionAt) return LOOK_MS;
  return Math.min(LOOK_MS, Math.max(1, (next.nextActionAt.getTime() - now.getTime()) / clock.rate));
}
