import type { Exit, ExitResult, PersonDoc } from '../enrollments/index.ts';
import type { MemberDoc } from '../members/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Db } from '../platform/mongo.ts';
import type { AuditDoc } from './audit.ts';
import { holdingsOf, personIdsOf, tracesOf } from './person-data.ts';
import type { AnyDoc, Traces } from './person-data.ts';
import { rememberSequences } from './remember-sequences.ts';

export interface EraseDeps {
  db: Db;
  clock: Clock;
  hashPhone(phone: string): string;
  exit(exit: Exit): Promise<ExitResult>;
  /** Deletes all that is theirs as a member; harmless for somebody who is none. */
  leave(memberId: string): Promise<void>;
}

export interface Erased {
  /** `in_flight`: a message was on its way and could not be called back. */
  outcome: ExitResult['outcome'];
  /** How many documents were deleted, by collection. */
  deleted: Record<string, number>;
}

/**
 * Erases somebody, as referral and as member. What is left is the keyed hash of their numbers, which says that nobody
 * writes to them again. Idempotent: an erasure that was interrupted is simply asked for again. The order matters: first
 * nobody enrolls them any more, then nothing is sent, then all is deleted.
 */
export async function erasePerson(userId: string, deps: EraseDeps): Promise<Erased> {
  const traces = await tracesOf(userId, deps);
  await suppress(traces, deps);
  const outcome = await stop(traces, deps);
  await rememberSequences({ _id: { $in: traces.enrollmentIds } }, deps);
  await keepOnlyHashes(traces, deps);
  const deleted = await deleteAll(traces, deps.db);
  await forgetElsewhere(traces, deps.db);
  await deps.leave(userId);
  return { outcome, deleted };
}

const suppress = async (traces: Traces, { db, clock }: EraseDeps): Promise<void> => {
  const now = clock.now();
  for (const _id of personIdsOf(traces)) {
    await db
      .collection<PersonDoc>('people')
      .updateOne({ _id }, [{ $set: { suppressedAt: { $ifNull: ['$suppressedAt', now] }, updatedAt: now } }], {
        upsert: true,
      });
  }
};

/** By the user id, and by each number. */
async function stop(traces: Traces, { clock, exit }: EraseDeps): Promise<Erased['outcome']> {
  const how = { reason: 'manual', remember: null, sparesSubscribers: false, at: clock.now() } as const;
  const outcomes = [(await exit({ ...how, referralUserId: traces.userId, phoneHash: null })).outcome];
  for (const phoneHash of traces.phoneHashes) {
    outcomes.push((await exit({ ...how, referralUserId: null, phoneHash })).outcome);
  }
  const worst = (['in_flight', 'stopped', 'already'] as const).find(one => outcomes.includes(one));
  return worst ?? 'none';
}

/** What the user id said is said by each number from now on; without any, the id is all that can protect them. */
async function keepOnlyHashes(traces: Traces, { db }: EraseDeps): Promise<void> {
  const people = db.collection<PersonDoc>('people');
  const [byUser = '', ...byPhone] = personIdsOf(traces);
  const known = await people.findOne({ _id: byUser });
  if (!known || byPhone.length === 0) return;
  const { _id, followedUp = [], updatedAt, ...said } = known;
  for (const id of byPhone) {
    const facts: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(said)) facts[key] = { $ifNull: [`$${key}`, value] };
    await people.updateOne({ _id: id }, [{ $set: { ...facts, updatedAt } }]);
    for (const entry of followedUp) {
      await people.updateOne(
        { _id: id, 'followedUp.campaignId': { $ne: entry.campaignId } },
        { $push: { followedUp: entry } },
      );
    }
  }
  await people.deleteOne({ _id });
}

async function deleteAll(traces: Traces, db: Db): Promise<Record<string, number>> {
  const deleted: Record<string, number> = {};
  for (const [name, filter] of holdingsOf(traces)) {
    const { deletedCount } = await db.collection<AnyDoc>(name).deleteMany(filter);
    if (deletedCount > 0) deleted[name] = deletedCount;
  }
  return deleted;
}

/** Where they are named inside what belongs to others. A channel's health keeps its figures, by the hash. */
async function forgetElsewhere(traces: Traces, db: Db): Promise<void> {
  const { userId, phones, phoneHashes, enrollmentIds } = traces;
  const members = db.collection<MemberDoc>('members');
  for (const exclusions of [{ userId }, { phone: { $in: phones } }]) {
    await members.updateMany({ exclusions: { $elemMatch: exclusions } }, { $pull: { exclusions } });
  }
  await db
    .collection<AuditDoc>('audit')
    .updateMany(
      { target: { $in: [userId, ...phones, ...enrollmentIds] } },
      { $set: { target: 'erased', before: null, after: null } },
    );
  await db
    .collection('send_outcomes')
    .updateMany({ phoneHash: { $in: phoneHashes } }, { $set: { messageId: null } });
}
