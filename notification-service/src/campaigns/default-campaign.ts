import { defaultCampaignIdOf } from '../platform/ids.ts';
import type { Db } from '../platform/mongo.ts';
import type { CampaignDoc } from './campaign-model.ts';
import { FRESH } from './new-campaign.ts';

/** Every member has one; made when it is first needed, once however often and from wherever it is asked for. */
export async function ensureDefaultCampaign(
  memberId: string,
  { db, now }: { db: Db; now: Date },
): Promise<CampaignDoc> {
  const campaigns = db.collection<CampaignDoc>('campaigns');
  const fresh = newDefaultCampaign(memberId, now);
  const { _id, ...fields } = fresh;
  const existing = await campaigns.findOne({ _id });
  if (existing) return existing;
  const made = await campaigns.findOneAndUpdate(
    { _id },
    { $setOnInsert: fields },
    { upsert: true, returnDocument: 'after' },
  );
  return made ?? fresh;
}

/** The default campaign itself is always active: its pause is the member's and stops enrollment only. */
export const newDefaultCampaign = (memberId: string, at: Date): CampaignDoc => ({
  ...FRESH,
  _id: defaultCampaignIdOf(memberId),
  memberId,
  type: 'default',
  name: 'Default',
  status: 'active',
  createdAt: at,
  updatedAt: at,
});
