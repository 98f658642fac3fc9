import type { MemberDoc } from '../members/index.ts';
import { ensureMember, isSendingPaused } from '../members/index.ts';
import type { UserActor } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { ClientSession, Collection, Mongo } from '../platform/mongo.ts';
import { pauseChannelUpdate, resumeChannelUpdate, wakeChannelUpdate } from './alarm.ts';
import type { ChannelDoc } from './channel-model.ts';
import { findOrCreate } from './connect-channel.ts';
import type { TransportKind } from './transport.ts';

export interface ChangeSettingsDeps {
  members: Collection<MemberDoc>;
  channels: Collection<ChannelDoc>;
  clock: Clock;
  transportKind: TransportKind;
  transaction: Mongo['transaction'];
  /** Told after the change is visible, when the channel may have to act. */
  wakeChannel(channelId: string): void;
}

/**
 * Writes a member's settings and the channel's copy of the pause in one transaction, so that the two never disagree.
 * Both are created when absent. `change` is computed from what stands, inside the transaction.
 */
export async function changeSettings(
  actor: Pick<UserActor, 'userId' | 'email' | 'name'>,
  change: (session: ClientSession) => Promise<Partial<MemberDoc>>,
  deps: ChangeSettingsDeps,
): Promise<void> {
  await ensureMember(actor, deps);
  // The copy has a place before it is written: a line that is made later would begin unpaused.
  await findOrCreate(actor.userId, deps);
  const wake = await deps.transaction(session => writeBoth(actor.userId, change, session, deps));
  if (wake) deps.wakeChannel(channelIdOf(actor.userId));
}

async function writeBoth(
  memberId: string,
  change: (session: ClientSession) => Promise<Partial<MemberDoc>>,
  session: ClientSession,
  { members, channels, clock }: ChangeSettingsDeps,
): Promise<boolean> {
  const set = await change(session);
  if (Object.keys(set).length === 0) return false;
  const before = await members.findOneAndUpdate(
    { _id: memberId },
    { $set: set },
    { session, returnDocument: 'before', projection: { exclusions: 0 } },
  );
  if (!before) return false;
  const after = { ...before, ...set };
  const _id = channelIdOf(memberId);
  const paused = isSendingPaused(after);
  // Compared with the copy, not with the member before: a copy that was ever wrong is set right.
  const update = paused ? pauseChannelUpdate('member') : resumeChannelUpdate('member', clock.now());
  const switched = await channels.updateOne({ _id, 'pauses.member': !paused }, update, { session });
  if (switched.modifiedCount > 0) return !paused;
  if (after.maxMessagesPerDay <= before.maxMessagesPerDay || paused) return false;
  // A channel that rests at its cap may act again.
  await channels.updateOne({ _id, 'pauses.member': false }, wakeChannelUpdate(clock.now()), { session });
  return true;
}
