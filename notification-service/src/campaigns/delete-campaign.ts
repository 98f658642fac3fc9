import { AppError } from '../platform/errors.ts';
import { campaignsOf } from './campaign-deps.ts';
import type { CampaignDeps } from './campaign-deps.ts';
import type { CampaignDoc } from './campaign-model.ts';
import { findCampaign, NOT_FOUND } from './change-status.ts';
import type { Which } from './change-status.ts';
import { fetchedFiles } from './custom-messages.ts';
import { releaseChildren } from './run-campaign.ts';

/** Gone for everybody at once; that its people were followed up is kept. Throws `not_found`, or why it cannot be. */
export async function deleteCampaign(
  which: Which,
  deps: CampaignDeps,
): Promise<{ campaignId: string; targetsDeleted: number }> {
  const now = deps.clock.now();
  const deleted = await campaignsOf(deps).findOneAndUpdate(
    {
      _id: which.campaignId,
      type: 'filtered',
      deletedAt: null,
      status: { $in: ['draft', 'scheduled', 'completed', 'cancelled'] },
      ...(which.memberId === null ? {} : { memberId: which.memberId }),
    },
    { $set: { deletedAt: now, clearing: true } },
    { returnDocument: 'after' },
  );
  if (!deleted) {
    if (!(await findCampaign(which, deps))) throw new AppError('not_found', NOT_FOUND);
    throw new AppError(
      'bad_request',
      'Cannot delete active or paused campaigns. Please cancel the campaign first.',
    );
  }
  const targetsDeleted = await deps.ports.countTargets(deleted._id);
  await clearDeleted(deleted, deps);
  return { campaignId: deleted._id, targetsDeleted };
}

/**
 * Idempotent: taken up again until it is through. A message that may be on the wire keeps its sequence, and with it the
 * campaign, until it is known what became of it.
 */
export async function clearDeleted(campaign: CampaignDoc, deps: CampaignDeps): Promise<void> {
  await releaseChildren(campaign, `“${campaign.name}”, which it waited for, was deleted.`, deps);
  await deps.ports.endTargets(campaign._id);
  if (!(await deps.ports.forgetTargets(campaign._id))) return;
  for (const filename of fetchedFiles(campaign.customMessages)) await deps.messages.removeMedia(filename);
  await campaignsOf(deps).deleteOne({ _id: campaign._id, deletedAt: { $ne: null } });
}
