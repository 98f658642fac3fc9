import type { MemberDoc } from '../members/index.ts';
import type { ClientSession, Db } from '../platform/mongo.ts';
import type { CampaignDoc } from './campaign-model.ts';

/** Whether a filtered campaign of this member has begun and not ended; a paused one has not ended. */
export async function filteredCampaignRuns(
  memberId: string,
  { db, session }: { db: Db; session: ClientSession },
): Promise<boolean> {
  const found = await db
    .collection<CampaignDoc>('campaigns')
    .findOne(
      { memberId, type: 'filtered', status: { $in: ['active', 'paused'] } },
      { session, projection: { _id: 1 } },
    );
  return found !== null;
}

/**
 * Sets what follows for the default campaign from the campaigns that run; the member's own pause is another fact and is
 * left alone. In the transaction of whatever has changed. The counter makes every change a real write, so that a
 * change of the member's settings at the same moment conflicts with it and is computed again.
 */
export async function followAutomaticPause(
  memberId: string,
  { db, session }: { db: Db; session: ClientSession },
): Promise<void> {
  const members = db.collection<MemberDoc>('members');
  const runs = await filteredCampaignRuns(memberId, { db, session });
  await members.updateOne(
    { _id: memberId },
    [
      {
        $set: {
          defaultCampaignPausedByCampaign: { $and: [runs, { $not: ['$allowSimultaneousCampaigns'] }] },
          campaignChanges: { $add: [{ $ifNull: ['$campaignChanges', 0] }, 1] },
        },
      },
    ],
    { session },
  );
}
