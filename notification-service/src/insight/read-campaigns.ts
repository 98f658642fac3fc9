import type { CampaignDoc, CampaignStatus } from '../campaigns/index.ts';
import { presentCampaign } from '../campaigns/index.ts';
import { AppError } from '../platform/errors.ts';
import type { Db, Filter } from '../platform/mongo.ts';
import { campaignCounts } from './campaign-counts.ts';

export interface CampaignQuery {
  page: number;
  limit: number;
  status?: CampaignStatus | undefined;
}

/** The newest first, with what each has come to. `whose` is what the caller may see. */
export async function readCampaigns(
  whose: Filter<CampaignDoc>,
  { page, limit, status }: CampaignQuery,
  db: Db,
) {
  const filter: Filter<CampaignDoc> = { ...whose, ...(status ? { status } : {}), deletedAt: null };
  const campaigns = db.collection<CampaignDoc>('campaigns');
  const [docs, total] = await Promise.all([
    campaigns
      .find(filter)
      .sort({ createdAt: -1, _id: -1 })
      .skip((page - 1) * limit)
      .limit(limit)
      .toArray(),
    campaigns.countDocuments(filter),
  ]);
  const countsOf = await campaignCounts(
    docs.map(({ _id }) => _id),
    db,
  );
  return {
    campaigns: docs.map(doc => presentCampaign(doc, countsOf(doc._id))),
    total,
    page,
    totalPages: Math.ceil(total / limit),
  };
}

/** Throws `not_found`, also for what is not the caller's. */
export async function readCampaign(whose: Filter<CampaignDoc>, db: Db) {
  const doc = await db.collection<CampaignDoc>('campaigns').findOne({ ...whose, deletedAt: null });
  if (!doc) throw new AppError('not_found', 'Campaign not found');
  const countsOf = await campaignCounts([doc._id], db);
  return presentCampaign(doc, countsOf(doc._id));
}
