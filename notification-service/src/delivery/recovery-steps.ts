import { claimForRecovery } from '../channels/index.ts';
import type { ChannelDoc, PaceEntry, Turn } from '../channels/index.ts';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import type { MemberDoc } from '../members/index.ts';
import { earliestAlarm } from './end-steps.ts';
import type { OutgoingDoc } from './outgoing-model.ts';
import { paceAfter } from './pace.ts';
import type { TurnEffect } from './pace.ts';
import { settle } from './step-writes.ts';
import { collectionOf, subjectFrom } from './subject.ts';
import type { Subject } from './subject.ts';
import type { TurnDeps } from './turn.ts';

/**
 * Recovery of one channel whose turn ran out or whose owner is gone: take the channel over, settle the subject that
 * the turn named, count its slots, end the turn. One that waits for a session is gone on with at the next look. Each
 * step makes at most one access to the store.
 */
export type RecoveryState =
  | { at: 'channel'; channelId: string; ranOut: boolean; ownerGone: boolean }
  | { at: 'claim'; channel: ChannelDoc; turn: Turn }
  | { at: 'settle'; channel: ChannelDoc; turn: Turn }
  | { at: 'adopt'; channel: ChannelDoc; turn: Turn; subject: Subject | null }
  | { at: 'session'; channel: ChannelDoc; turn: Turn; subject: Subject | null }
  | { at: 'member'; channel: ChannelDoc; turn: Turn; subject: Subject | null }
  | {
      at: 'earliest';
      channel: ChannelDoc;
      turn: Turn;
      member: MemberDoc | null;
      rank: number;
      earliest: Date | null;
    }
  | { at: 'end'; channel: ChannelDoc; turn: Turn; alarm: Date | null }
  | { at: 'done'; result: 'ended' | 'waits_for_session' | 'dropped' };

export type RecoveryDeps = TurnDeps & {
  /** This instance is the owner from now on, under this epoch: hold (or open) its session accordingly. */
  adopt: (channelId: string, epoch: number) => Promise<void>;
};

type StepsOf<S extends { at: string }> = {
  [K in S['at']]: (state: Extract<S, { at: K }>, deps: RecoveryDeps) => Promise<S>;
};

export function stepRecovery(state: RecoveryState, deps: RecoveryDeps): Promise<RecoveryState> {
  const step = STEPS[state.at] as (s: RecoveryState, d: RecoveryDeps) => Promise<RecoveryState>;
  return step(state, deps);
}

const STEPS: StepsOf<RecoveryState> = {
  async channel({ channelId, ranOut, ownerGone }, { store, host }) {
    const channel = await store.findOne<ChannelDoc>('channels', { _id: channelId });
    const turn = channel?.turn;
    if (!channel || !turn) return { at: 'done', result: 'dropped' };
    const isMine = turn.takenOver === true && channel.owner.instance === host.instanceId;
    if (isMine) return { at: 'settle', channel, turn };
    return ranOut || ownerGone ? { at: 'claim', channel, turn } : { at: 'done', result: 'dropped' };
  },

  /** Epoch + 1: whoever owned it, this instance included, sees its own turn fail from here on. */
  async claim({ channel, turn }, { store, host }) {
    const seen = { channelId: channel._id, ...channel.owner, turnToken: turn.token };
    const { filter, update } = claimForRecovery(seen, host.instanceId);
    const claimed = await store.findOneAndUpdate<ChannelDoc>('channels', filter, update, {
      returns: 'after',
    });
    return claimed ? { at: 'settle', channel: claimed, turn } : { at: 'done', result: 'dropped' };
  },

  /** One update: version + 1, and `sending` under this turn's token becomes `unknown`. */
  async settle({ channel, turn }, { store }) {
    const write = settle(turn.subject.id, turn.token);
    const doc = await store.findOneAndUpdate<EnrollmentDoc | OutgoingDoc>(
      collectionOf(turn.subject),
      write.filter,
      write.update,
      { returns: 'after' },
    );
    return { at: 'adopt', channel, turn, subject: doc && subjectFrom(turn.subject.kind, doc) };
  },

  async adopt({ channel, turn, subject }, { adopt }) {
    await adopt(channel._id, channel.owner.epoch);
    return { at: 'session', channel, turn, subject };
  },

  /** An unknown of this turn: its call may still hang somewhere, so only a newer session frees the channel. */
  async session({ channel, turn, subject }, { host }) {
    if (!subject || !isOpenUnknown(subject, turn.token)) return { at: 'member', channel, turn, subject };
    const fenced = subject.doc.step.fence?.session ?? 0;
    const newer = () => (host.held(channel._id)?.serial ?? 0) > fenced;
    if (!newer()) await host.restart(channel._id);
    return newer() ? { at: 'member', channel, turn, subject } : { at: 'done', result: 'waits_for_session' };
  },

  async member({ channel, turn, subject }, deps) {
    const member = await deps.store.findOne<MemberDoc>('members', { _id: channel.memberId });
    const effect = effectOf(subject, turn);
    const pace = paceAfter({
      pace: channel.pace,
      effect,
      now: deps.clock.now(),
      settings: deps.settings.pace,
      brakes: deps.brakesOf(channel.health),
      random: deps.random,
    });
    return { at: 'earliest', channel: { ...channel, pace }, turn, member, rank: 0, earliest: null };
  },

  async earliest({ channel, turn, member, rank, earliest }, deps) {
    const found = await earliestAlarm({ channel, member }, rank, earliest, deps);
    return found === 'all'
      ? { at: 'end', channel, turn, alarm: earliest }
      : { at: 'earliest', channel, turn, member, ...found };
  },

  async end({ channel, turn, alarm }, { store }) {
    const ended = await store.updateOne(
      'channels',
      { _id: channel._id, 'turn.token': turn.token, 'owner.epoch': channel.owner.epoch },
      {
        $set: { pace: channel.pace },
        $unset: { turn: true },
        ...(alarm ? { $min: { nextActionAt: alarm } } : {}),
      },
    );
    return { at: 'done', result: ended ? 'ended' : 'dropped' };
  },

  done: state => Promise.resolve(state),
};

const isOpenUnknown = ({ doc }: Subject, token: string): boolean =>
  doc.step.state === 'unknown' && doc.step.fence?.token === token;

/** What the turn may have done, seen from its subject: every part under its token took a slot. */
function effectOf(subject: Subject | null, turn: Turn): TurnEffect {
  if (!subject) return { fenced: [], result: 'nothing', firstContactsAfter: null };
  const campaignId = subject.kind === 'enrollment' ? subject.doc.campaignId : null;
  const rows = Object.values(subject.doc.rows).filter(row => row.token === turn.token);
  const slots: PaceEntry[] = rows.map(row => ({ at: row.at, campaignId, firstContact: isFirst(row) }));
  const open = subject.doc.step.fence?.token === turn.token ? subject.doc.step.fence : null;
  if (open) slots.push({ at: open.at, campaignId, firstContact: subject.doc.step.rank === 2 });
  return { fenced: slots, result: open ? 'unknown' : 'nothing', firstContactsAfter: null };
}

const isFirst = (row: { day: number; part: number }): boolean => row.day === 1 && row.part === 0;
