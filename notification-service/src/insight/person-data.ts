import { personKeys } from '../enrollments/index.ts';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import type { Db, Filter } from '../platform/mongo.ts';
import type { ReferralDoc } from '../referrals/index.ts';
import type { DeliveryDoc } from './delivery-model.ts';

/** A document of any collection of ours. */
export interface AnyDoc {
  _id: string;
  [field: string]: unknown;
}
/** Documents about one person. */
export type Holding = [collection: string, filter: Filter<AnyDoc>];

/** Everything by which one person is known in the store. */
export interface Traces {
  userId: string;
  /** Digits with country code. */
  phones: string[];
  phoneHashes: string[];
  enrollmentIds: string[];
  receiptIds: string[];
}

/** A person is found by their user id, and by every number under which they were written to. */
export async function tracesOf(
  userId: string,
  { db, hashPhone }: { db: Db; hashPhone(phone: string): string },
): Promise<Traces> {
  const referral = await db.collection<ReferralDoc>('referrals').findOne({ _id: userId });
  const enrollments = db.collection<EnrollmentDoc>('enrollments');
  const keys = { projection: { phone: 1, phoneHash: 1 } };
  const own = await enrollments.find({ referralUserId: userId }, keys).toArray();
  const known = [referral?.phoneNumber ?? null, ...own.map(({ phone }) => phone)];
  const phones = distinct(known.filter(phone => phone !== null));
  const phoneHashes = distinct([...own.map(({ phoneHash }) => phoneHash), ...phones.map(hashPhone)]);
  const all = await enrollments
    .find({ $or: [{ referralUserId: userId }, { phoneHash: { $in: phoneHashes } }] }, keys)
    .toArray();
  const deliveries = await db
    .collection<DeliveryDoc>('deliveries')
    .find({ referralUserId: userId, receiptId: { $type: 'string' } }, { projection: { receiptId: 1 } })
    .toArray();
  return {
    userId,
    phones: distinct([...phones, ...all.map(({ phone }) => phone).filter(phone => phone !== null)]),
    phoneHashes,
    enrollmentIds: all.map(({ _id }) => _id),
    receiptIds: deliveries.flatMap(({ receiptId }) => receiptId ?? []),
  };
}

/**
 * Where a referral's data lies, by collection. What names them inside somebody else's documents (a member's exclusions,
 * the audit log) is not among it.
 */
export function holdingsOf(traces: Traces): Holding[] {
  const { userId, phones, phoneHashes, enrollmentIds, receiptIds } = traces;
  const byHash = { phoneHash: { $in: phoneHashes } };
  const numbers = { phone: { $in: phones } };
  return [
    ['enrollments', { _id: { $in: enrollmentIds } }],
    ['deliveries', { $or: [{ referralUserId: userId }, { enrollmentId: { $in: enrollmentIds } }] }],
    ['receipts', { _id: { $in: receiptIds } }],
    ['outgoing', { $or: [byHash, numbers] }],
    ['inbound_messages', { $or: [byHash, { enrollmentId: { $in: enrollmentIds } }] }],
    ['notifications', { 'body.data.targetId': { $in: enrollmentIds } }],
    ['passed_over', { referralUserId: userId }],
    ['referrals', { _id: userId }],
  ];
}

/** The documents that remember what must hold about them across all campaigns. */
export const personIdsOf = ({ userId, phoneHashes }: Traces): string[] => [
  ...personKeys(userId, null),
  ...phoneHashes.flatMap(hash => personKeys(null, hash)),
];

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
