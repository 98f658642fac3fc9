import type { EnrollmentDoc, PersonDoc } from '../enrollments/index.ts';
import { personKeys } from '../enrollments/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Db } from '../platform/mongo.ts';

type FollowedUp = NonNullable<PersonDoc['followedUp']>[number];
type Remembered = Pick<
  EnrollmentDoc,
  '_id' | 'referralUserId' | 'phoneHash' | 'campaignId' | 'exitedAt' | 'exitReason'
>;

const BATCH = 500;

/**
 * Keeps in `people` who was in these sequences (a member's, a campaign's, a person's) before they are deleted: nobody is
 * followed up a second time because a member left or a campaign was deleted. Running ones count as ended by hand now. Idempotent.
 */
export async function rememberSequences(
  whose: { memberId: string } | { campaignId: string } | { _id: { $in: string[] } },
  { db, clock }: { db: Db; clock: Clock },
): Promise<void> {
  const people = db.collection<PersonDoc>('people');
  const now = clock.now();
  const found = db.collection<EnrollmentDoc>('enrollments').find<Remembered>(whose, {
    projection: { referralUserId: 1, phoneHash: 1, campaignId: 1, exitedAt: 1, exitReason: 1 },
  });
  let writes: ReturnType<typeof writesFor> = [];
  const flush = async () => {
    if (writes.length > 0) await people.bulkWrite(writes);
    writes = [];
  };
  for await (const doc of found) {
    writes.push(...writesFor(doc, now));
    if (writes.length >= BATCH) await flush();
  }
  await flush();
}

/** One for each key of the person; the second time it finds the campaign there already. */
function writesFor(doc: Remembered, now: Date) {
  const { campaignId, exitedAt, exitReason } = doc;
  const entry: FollowedUp = { campaignId, endedAt: exitedAt ?? now, reason: exitReason ?? 'manual' };
  return personKeys(doc.referralUserId, doc.phoneHash).flatMap(_id => [
    { updateOne: { filter: { _id }, update: { $setOnInsert: { updatedAt: now } }, upsert: true } },
    {
      updateOne: {
        filter: { _id, 'followedUp.campaignId': { $ne: campaignId } },
        update: { $push: { followedUp: entry }, $set: { updatedAt: now } },
      },
    },
  ]);
}
