import type { ChannelDoc } from '../channels/index.ts';
import type { Db } from '../platform/mongo.ts';
import type { CandidateFacts } from './eligibility.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';
import { personKeys } from './person-model.ts';
import type { PersonDoc } from './person-model.ts';

export interface Keys {
  referralUserId: string;
  phoneHash: string;
}

type Sequence = Pick<
  EnrollmentDoc,
  '_id' | 'referralUserId' | 'phoneHash' | 'status' | 'exitReason' | 'exitedAt'
>;

/** What the platform knows about a batch of people, by both keys: four reads, however many they are. */
export async function lookUpFacts(batch: readonly Keys[], db: Db): Promise<(keys: Keys) => CandidateFacts> {
  const userIds = batch.map(keys => keys.referralUserId);
  const hashes = batch.map(keys => keys.phoneHash);
  const [people, byUser, byPhone, lines] = await Promise.all([
    db
      .collection<PersonDoc>('people')
      .find({ _id: { $in: batch.flatMap(keys => personKeys(keys.referralUserId, keys.phoneHash)) } })
      .toArray(),
    sequencesBy('referralUserId', userIds, db),
    sequencesBy('phoneHash', hashes, db),
    db
      .collection<ChannelDoc>('channels')
      // The type is what lets the partial index answer.
      .find({ phoneHash: { $in: hashes, $type: 'string' } })
      .project<{ phoneHash: string }>({ _id: 0, phoneHash: 1 })
      .toArray(),
  ]);
  const personOf = new Map(people.map(person => [person._id, person]));
  const ofUser = grouped(byUser, sequence => sequence.referralUserId);
  const ofPhone = grouped(byPhone, sequence => sequence.phoneHash);
  const memberNumbers = new Set(lines.map(line => line.phoneHash));
  return keys => ({
    people: personKeys(keys.referralUserId, keys.phoneHash)
      .map(key => personOf.get(key))
      .filter(person => person !== undefined),
    sequences: [...(ofUser.get(keys.referralUserId) ?? []), ...(ofPhone.get(keys.phoneHash) ?? [])],
    isMemberNumber: memberNumbers.has(keys.phoneHash),
  });
}

function sequencesBy(
  key: 'referralUserId' | 'phoneHash',
  values: readonly string[],
  db: Db,
): Promise<Sequence[]> {
  return db
    .collection<EnrollmentDoc>('enrollments')
    .find({ [key]: { $in: [...values] } })
    .project<Sequence>({ referralUserId: 1, phoneHash: 1, status: 1, exitReason: 1, exitedAt: 1 })
    .toArray();
}

function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}
