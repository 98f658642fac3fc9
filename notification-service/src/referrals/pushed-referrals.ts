import type { Collection, Db, Filter } from '../platform/mongo.ts';
import type { ReferralDoc } from './referral-model.ts';
import { BATCH_SIZE } from './referral-source.ts';
import type { Referral, ReferralSource } from './referral-source.ts';

/**
 * What platforms have pushed, as the source of referrals: there is no user service to ask, so members are taken to be
 * subscribed, and whoever holds a subscription themselves is taken to have paid.
 */
export function pushedReferrals(db: Db): ReferralSource {
  const referrals = db.collection<ReferralDoc>('referrals');
  return {
    hasSubscription: () => Promise.resolve('yes'),
    unpaidReferrals: (memberId, since) =>
      Promise.resolve({
        complete: true,
        batches: batchesOf(referrals, {
          memberId,
          createdAt: { $gte: since },
          activeSubscriptionTypes: { $size: 0 },
        }),
        unreadable: 0,
      }),
    campaignReferrals: memberId =>
      Promise.resolve({ complete: true, batches: batchesOf(referrals, { memberId }), unreadable: 0 }),
    async details(userIds) {
      const found = await referrals.find({ _id: { $in: [...userIds] } }).toArray();
      return {
        known: true,
        byId: new Map(
          found.map(({ _id: id, name, email, phoneNumber, languages }) => [
            id,
            { id, name, email, phoneNumber, languages },
          ]),
        ),
      };
    },
  };
}

async function* batchesOf(
  referrals: Collection<ReferralDoc>,
  whose: Filter<ReferralDoc>,
): AsyncGenerator<Referral[]> {
  const cursor = referrals
    .find(whose)
    .project<Omit<ReferralDoc, 'updatedAt'>>({ updatedAt: 0 })
    .sort({ createdAt: 1 })
    .batchSize(BATCH_SIZE);
  let batch: Referral[] = [];
  for await (const { _id: id, ...rest } of cursor) {
    batch.push({ id, ...rest });
    if (batch.length < BATCH_SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
