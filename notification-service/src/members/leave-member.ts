import type { Db } from '../platform/mongo.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { MemberDoc } from './member-model.ts';

export interface LeaveDeps {
  db: Db;
  leaving: Leaving;
}

/** What leaving asks of the features behind this one, in this order. */
export interface Leaving {
  /** Nothing is fenced for this member from now on, and nobody is enrolled. */
  stopSending(memberId: string): Promise<void>;
  /** What must outlive them: that these people were followed up (opt-outs live by themselves). */
  rememberSequences(memberId: string): Promise<void>;
  /** Unlinks the device and deletes the stored login. */
  disconnect(memberId: string, force: true): Promise<void>;
  /** Deletes what is kept outside the database. */
  forgetEvents(memberId: string): Promise<void>;
}

/**
 * A member leaves: sending stops, the device is unlinked, and all that is theirs is deleted. What protects others stays:
 * who opted out, who paid, who was followed up. Idempotent: a leave that was interrupted is simply asked for again.
 */
export async function leaveMember(memberId: string, { db, leaving }: LeaveDeps): Promise<void> {
  await leaving.stopSending(memberId);
  await leaving.rememberSequences(memberId);
  await leaving.disconnect(memberId, true);
  await deleteTheirs(memberId, db);
  await leaving.forgetEvents(memberId);
  await db.collection<MemberDoc>('members').deleteOne({ _id: memberId });
}

/** Everything kept under a member's id, by collection. The channel goes last but one: until then it says who leaves. */
const BY_MEMBER = [
  'enrollments',
  'outgoing',
  'deliveries',
  'campaigns',
  'passed_over',
  'referrals',
  'inbound_messages',
  'notifications',
  'help_requests',
  'connection_history',
] as const;
const BY_CHANNEL = ['receipts', 'send_outcomes', 'commands'] as const;

async function deleteTheirs(memberId: string, db: Db): Promise<void> {
  for (const name of BY_MEMBER) await db.collection(name).deleteMany({ memberId });
  for (const name of BY_CHANNEL) await db.collection(name).deleteMany({ channelId: channelIdOf(memberId) });
  await db.collection('channels').deleteMany({ memberId });
}
