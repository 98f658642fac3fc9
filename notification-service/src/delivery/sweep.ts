import { NOT_PAUSED } from '../channels/index.ts';
import type { ChannelDoc } from '../channels/index.ts';
import type { MemberDoc } from '../members/index.ts';
import { FIRST_CONTACT_RANK, dueFilter, paceView, PICK_ORDER } from './due.ts';
import { channelGate, firstContactGate } from './pace.ts';
import { collectionOf } from './subject.ts';
import type { TurnDeps } from './turn.ts';

/**
 * The sweep of one channel that has something due: without a turn, not paused, and an alarm that is unset or later than
 * its pace allows, the alarm gets `$min` of that moment. It heals a creator's death between its insert and its `$min`.
 */
export type SweepState =
  | { at: 'channel'; channelId: string }
  | { at: 'due'; channel: ChannelDoc; member: MemberDoc | null; rank: number }
  | { at: 'alarm'; channel: ChannelDoc; alarm: Date }
  | { at: 'done'; result: 'set' | 'nothing' };

type StepsOf<S extends { at: string }> = {
  [K in S['at']]: (state: Extract<S, { at: K }>, deps: TurnDeps) => Promise<S>;
};

export function stepSweep(state: SweepState, deps: TurnDeps): Promise<SweepState> {
  const step = STEPS[state.at] as (s: SweepState, d: TurnDeps) => Promise<SweepState>;
  return step(state, deps);
}

const STEPS: StepsOf<SweepState> = {
  async channel({ channelId }, { store }) {
    const channel = await store.findOne<ChannelDoc>('channels', {
      _id: channelId,
      turn: null,
      ...NOT_PAUSED,
    });
    if (!channel) return { at: 'done', result: 'nothing' };
    const member = await store.findOne<MemberDoc>('members', { _id: channel.memberId });
    return { at: 'due', channel, member, rank: 0 };
  },

  async due({ channel, member, rank }, deps) {
    const where = PICK_ORDER[rank];
    if (!where) return { at: 'done', result: 'nothing' };
    const now = deps.clock.now();
    const view = paceView({ channel, member }, deps, now);
    const due = await deps.store.findOne(collectionOf(where), dueFilter(channel._id, where.rank, now));
    if (due === null) return { at: 'due', channel, member, rank: rank + 1 };
    const gate = channelGate(view);
    const first = where.rank === FIRST_CONTACT_RANK ? firstContactGate(view) : gate;
    const alarm = new Date(
      Math.max(now.getTime(), gate.open ? 0 : gate.until.getTime(), first.open ? 0 : first.until.getTime()),
    );
    const late = channel.nextActionAt === undefined || channel.nextActionAt > alarm;
    return late ? { at: 'alarm', channel, alarm } : { at: 'done', result: 'nothing' };
  },

  async alarm({ channel, alarm }, { store }) {
    const filter = { _id: channel._id, turn: null, ...NOT_PAUSED };
    const set = await store.updateOne('channels', filter, { $min: { nextActionAt: alarm } });
    return { at: 'done', result: set ? 'set' : 'nothing' };
  },

  done: state => Promise.resolve(state),
};
