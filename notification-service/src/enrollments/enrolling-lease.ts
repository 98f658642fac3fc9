import type { CampaignDoc, Enrolling } from '../campaigns/index.ts';
import type { Db } from '../platform/mongo.ts';
import { newToken } from '../platform/random.ts';

/**
 * Who works on the enrollment of a campaign: one process at a time, by a lease on the database's clock, so that another
 * takes it up when that process has died.
 */
export interface Lease {
  campaign: CampaignDoc;
  token: string;
}

/** Renewed with every batch, and meanwhile by a timer: the user service may take two minutes. Machine time. */
const LEASE_MS = 60_000;
const RENEW_MS = 15_000;

const leaseUntil = { $add: ['$$NOW', LEASE_MS] };
const mine = (campaignId: string, token: string) => ({
  _id: campaignId,
  status: 'active' as const,
  'enrolling.token': token,
});

/** Null when there is nothing to do at present, or somebody else does it. */
export async function takeLease(
  campaignId: string,
  { db, now }: { db: Db; now: Date },
): Promise<Lease | null> {
  const token = newToken();
  const campaign = await db.collection<CampaignDoc>('campaigns').findOneAndUpdate(
    {
      _id: campaignId,
      type: 'filtered',
      status: 'active',
      'enrolling.state': { $in: ['running', 'waiting'] },
      'enrolling.tryAt': { $lte: now },
      $expr: { $lt: ['$enrolling.leaseUntil', '$$NOW'] },
    },
    [
      {
        $set: { 'enrolling.token': token, 'enrolling.state': 'running', 'enrolling.leaseUntil': leaseUntil },
      },
    ],
    { returnDocument: 'after' },
  );
  return campaign && { campaign, token };
}

/** Keeps it, with how far it has come. False: the campaign was paused, cancelled, or taken over. */
export async function renewLease(
  { campaign, token }: Lease,
  figures: Partial<Pick<Enrolling, 'considered' | 'matching'>>,
  db: Db,
): Promise<boolean> {
  const set = Object.fromEntries(Object.entries(figures).map(([key, count]) => [`enrolling.${key}`, count]));
  const { matchedCount } = await db
    .collection<CampaignDoc>('campaigns')
    .updateOne(mine(campaign._id, token), [{ $set: { ...set, 'enrolling.leaseUntil': leaseUntil } }]);
  return matchedCount > 0;
}

/** Renews while `work` lasts. A renewal that fails is made up for by the next one, or the lease runs out. */
export async function whileLeased<R>(lease: Lease, db: Db, work: () => Promise<R>): Promise<R> {
  const timer = setInterval(() => void renewLease(lease, {}, db).catch(() => undefined), RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Whatever has become of the campaign meanwhile. `restMs`: nobody takes it before; machine time. */
export async function giveLeaseBack(
  { campaign, token }: Lease,
  left: Omit<Enrolling, 'token' | 'leaseUntil'>,
  { db, restMs }: { db: Db; restMs: number },
): Promise<void> {
  await db.collection<CampaignDoc>('campaigns').updateOne({ _id: campaign._id, 'enrolling.token': token }, [
    {
      $set: {
        enrolling: { $literal: { ...left, token: null } },
      },
    },
    { $set: { 'enrolling.leaseUntil': restMs > 0 ? { $add: ['$$NOW', restMs] } : new Date(0) } },
  ]);
}
