import type { CampaignDoc } from '../campaigns/index.ts';
import { NOT_PAUSED } from '../channels/index.ts';
import type { ChannelDoc } from '../channels/index.ts';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import type { MemberDoc } from '../members/index.ts';
import { consider, putOffSteps } from './consider.ts';
import { dueFilter, PICK_ORDER, paceView, FIRST_CONTACT_RANK } from './due.ts';
import { endSteps, idleSteps } from './end-steps.ts';
import type { OutgoingDoc } from './outgoing-model.ts';
import { channelGate, firstContactGate } from './pace.ts';
import { readPeople } from './read-people.ts';
import { sendSteps } from './send-steps.ts';
import { settleSteps } from './settle-steps.ts';
import { collectionOf, refOf, subjectFrom } from './subject.ts';
import type { Seen, Steps, Taken, TurnDeps, TurnState } from './turn.ts';

/**
 * One step of a turn: at most one access to the store, then the next state. Production runs them in a row
 * (take-turn.ts); the model test walks all their interleavings.
 */
export function stepTurn(state: TurnState, deps: TurnDeps): Promise<TurnState> {
  const step = STEPS[state.at] as (s: TurnState, d: TurnDeps) => Promise<TurnState>;
  return step(state, deps);
}

const MAX_PICKS = 25;
/** The campaign's priority, then the longest due. */
const BY_PRIORITY = { priority: -1, 'step.tryAt': 1 } as const;

const isPaused = (channel: ChannelDoc): boolean => channel.pauses.member || channel.pauses.admin;

const pickSteps: Steps<'channel' | 'member' | 'due' | 'campaign' | 'people' | 'take'> = {
  /** 1: is it ours, free, and able to speak? */
  async channel({ channelId }, { store, host }) {
    const channel = await store.findOne<ChannelDoc>('channels', { _id: channelId });
    const held = host.held(channelId);
    const ours =
      channel !== null &&
      host.isActing() &&
      held !== null &&
      channel.owner.instance === host.instanceId &&
      channel.owner.epoch === held.epoch &&
      channel.turn === undefined;
    return ours ? { at: 'member', channel } : { at: 'done', result: 'dropped' };
  },

  async member({ channel }, deps) {
    const member = await deps.store.findOne<MemberDoc>('members', { _id: channel.memberId });
    const seen: Seen = { channel, member, picks: 0 };
    if (isPaused(channel)) return { at: 'idle', seen, because: 'paused' };
    const gate = channelGate(paceView(seen, deps, deps.clock.now()));
    return gate.open ? { at: 'due', seen, rank: 0 } : { at: 'idle', seen, because: gate.until };
  },

  async due({ seen, rank }, deps) {
    const where = PICK_ORDER[rank];
    if (!where || seen.picks >= MAX_PICKS) return { at: 'idle', seen, because: 'nothing_due' };
    const now = deps.clock.now();
    if (where.rank === FIRST_CONTACT_RANK && !firstContactGate(paceView(seen, deps, now)).open) {
      return { at: 'due', seen, rank: rank + 1 };
    }
    const doc = await deps.store.findOne<EnrollmentDoc | OutgoingDoc>(
      collectionOf(where),
      dueFilter(seen.channel._id, where.rank, now),
      { sort: where.kind === 'enrollment' ? BY_PRIORITY : { 'step.tryAt': 1 } },
    );
    if (!doc) return { at: 'due', seen, rank: rank + 1 };
    return {
      at: 'campaign',
      seen: { ...seen, picks: seen.picks + 1 },
      subject: subjectFrom(where.kind, doc),
    };
  },

  async campaign({ seen, subject }, { store }) {
    if (subject.kind === 'outgoing') return { at: 'people', seen, subject, campaign: null };
    const campaign = await store.findOne<CampaignDoc>('campaigns', { _id: subject.doc.campaignId });
    return { at: 'people', seen, subject, campaign };
  },

  /** The person by both keys, and the decision. */
  async people(state, deps) {
    const people = await readPeople(state.subject, deps);
    return consider(state, people, deps);
  },

  /** 2: one write; whoever looked at an older state of the channel finds nothing. */
  async take({ seen, subject, campaign }, deps) {
    const { store, host } = deps;
    const token = deps.newToken();
    const channel = await store.findOneAndUpdate<ChannelDoc>(
      'channels',
      {
        _id: seen.channel._id,
        turn: null,
        turnNumber: seen.channel.turnNumber,
        'owner.instance': host.instanceId,
        'owner.epoch': seen.channel.owner.epoch,
        ...NOT_PAUSED,
      },
      {
        $set: { 'turn.token': token, 'turn.subject': refOf(subject) },
        $currentDate: { 'turn.takenAt': true },
        $inc: { turnNumber: 1 },
        $unset: { nextActionAt: true },
      },
      { returns: 'after' },
    );
    if (!channel) return { at: 'done', result: 'dropped' };
    const turn: Taken = {
      channel,
      member: seen.member,
      subject,
      campaign,
      token,
      effect: { fenced: [], result: 'nothing', firstContactsAfter: null },
      result: 'nothing_sent',
    };
    return { at: 'prepare', turn };
  },
};

const STEPS = {
  ...pickSteps,
  ...putOffSteps,
  ...sendSteps,
  ...settleSteps,
  ...endSteps,
  ...idleSteps,
  done: (state: TurnState) => Promise.resolve(state),
} as const;
