import { NOT_PAUSED } from '../channels/index.ts';
import type { ChannelDoc } from '../channels/index.ts';
import type { Document } from '../platform/mongo.ts';
import { dueFilter, FIRST_CONTACT_RANK, paceView, PICK_ORDER } from './due.ts';
import { channelGate, firstContactGate, paceAfter } from './pace.ts';
import { collectionOf } from './subject.ts';
import type { Seen, Steps, Taken, TurnDeps, TurnState } from './turn.ts';

/** The pace moves if something was fenced; a turn that fenced nothing but failed counts for the breaker. */
export function endNow(turn: Taken, deps: TurnDeps): TurnState {
  const pace = paceAfter({
    pace: turn.channel.pace,
    effect: turn.effect,
    now: deps.clock.now(),
    settings: deps.settings.pace,
    brakes: deps.brakesOf(turn.channel.health),
    random: deps.random,
  });
  return { at: 'earliest', turn: { ...turn, channel: { ...turn.channel, pace } }, rank: 0, earliest: null };
}

/** 8: read what is due, then one write where the token is ours. */
export const endSteps: Steps<'earliest' | 'end' | 'late_alarm'> = {
  async earliest({ turn, rank, earliest }, deps) {
    const found = await earliestAlarm(turn, rank, earliest, deps);
    return found === 'all' ? { at: 'end', turn, alarm: earliest } : { at: 'earliest', turn, ...found };
  },

  async end({ turn, alarm }, deps) {
    const { channel } = turn;
    const ended = await deps.store.updateOne(
      'channels',
      { _id: channel._id, 'turn.token': turn.token },
      {
        $set: { pace: channel.pace },
        $unset: { turn: true },
        ...(alarm ? { $min: { nextActionAt: alarm } } : {}),
      },
    );
    if (ended || alarm === null) return { at: 'done', result: turn.result };
    return { at: 'late_alarm', turn, alarm };
  },

  /** Recovery has ended this turn already; what was recorded since may still have made work. */
  async late_alarm({ turn, alarm }, { store }) {
    await store.updateOne('channels', { _id: turn.channel._id }, { $min: { nextActionAt: alarm } });
    return { at: 'done', result: turn.result };
  },
};

/** No turn was taken: the alarm is put where it belongs, always so that a creator's `$min` is not lost. */
export const idleSteps: Steps<'idle' | 'idle_earliest' | 'idle_alarm'> = {
  async idle({ seen, because }, { store }) {
    const paused = because === 'paused';
    const filter: Document = {
      _id: seen.channel._id,
      turn: null,
      turnNumber: seen.channel.turnNumber,
      ...(paused ? pausedAsSeen(seen.channel) : NOT_PAUSED),
    };
    const waits = because instanceof Date;
    await store.updateOne(
      'channels',
      filter,
      waits ? { $set: { nextActionAt: because } } : { $unset: { nextActionAt: true } },
    );
    if (because !== 'nothing_due') return { at: 'done', result: waits ? 'resting' : 'idle' };
    return { at: 'idle_earliest', seen, rank: 0, earliest: null };
  },

  /** Read after the alarm was taken away: whoever created work meanwhile has set it again. */
  async idle_earliest({ seen, rank, earliest }, deps) {
    const found = await earliestAlarm(seen, rank, earliest, deps);
    if (found === 'all') {
      return earliest === null ? { at: 'done', result: 'idle' } : { at: 'idle_alarm', seen, alarm: earliest };
    }
    return { at: 'idle_earliest', seen, ...found };
  },

  async idle_alarm({ seen, alarm }, { store }) {
    const filter = { _id: seen.channel._id, ...NOT_PAUSED };
    await store.updateOne('channels', filter, { $min: { nextActionAt: alarm } });
    return { at: 'done', result: 'idle' };
  },
};

const pausedAsSeen = ({ pauses }: ChannelDoc): Document => ({
  'pauses.member': pauses.member,
  'pauses.admin': pauses.admin,
});

/** When the channel may act for the earliest of one rank, together with what was found before; `all`: ranks are through. */
export async function earliestAlarm(
  seen: Pick<Seen, 'channel' | 'member'>,
  rank: number,
  earliest: Date | null,
  deps: TurnDeps,
): Promise<'all' | { rank: number; earliest: Date | null }> {
  const where = PICK_ORDER[rank];
  const now = deps.clock.now();
  const view = paceView(seen, deps, now);
  const gate = channelGate(view);
  const floor = gate.open ? now : gate.until;
  if (!where || (earliest !== null && earliest <= floor)) return 'all';
  const doc = await deps.store.findOne<{ step: { tryAt: Date } }>(
    collectionOf(where),
    dueFilter(seen.channel._id, where.rank, null),
    { sort: { 'step.tryAt': 1 }, projection: { 'step.tryAt': 1 } },
  );
  if (!doc) return { rank: rank + 1, earliest };
  const first = where.rank === FIRST_CONTACT_RANK ? firstContactGate(view) : gate;
  const alarm = new Date(
    Math.max(doc.step.tryAt.getTime(), floor.getTime(), first.open ? 0 : first.until.getTime()),
  );
  return { rank: rank + 1, earliest: earliest === null || alarm < earliest ? alarm : earliest };
}
