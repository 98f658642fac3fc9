import { campaignsOf } from './campaign-deps.ts';
import type { CampaignDeps } from './campaign-deps.ts';
import type { CampaignDoc, CustomMessage } from './campaign-model.ts';
import { tryChange } from './change-status.ts';
import { fetchedFiles, fetchMissing } from './custom-messages.ts';
import { clearDeleted } from './delete-campaign.ts';
import { clearCancelled, releaseChildren, startByItself } from './run-campaign.ts';

/**
 * What campaigns do by themselves, every few seconds: those whose hour or turn has come start, enrollment that was left
 * is taken up, those with nothing left to do end, and what a crash has interrupted is finished. Each step is harmless
 * when several do it; what goes wrong with one campaign stops no other.
 */
export async function followCampaigns(deps: CampaignDeps): Promise<void> {
  await forEach({ clearing: true }, deps, clear);
  await forEach({ status: 'active', type: 'filtered' }, deps, endOrGoOn);
  await forEach({ status: 'scheduled', type: 'filtered', deletedAt: null }, deps, startWhenDue);
}

/** Files that could not be fetched are tried again, of campaigns that may still need them. */
export const retryMissingFiles = (deps: CampaignDeps): Promise<void> =>
  forEach(
    {
      type: 'filtered',
      deletedAt: null,
      status: { $in: ['draft', 'scheduled', 'active', 'paused'] },
      'customMessages.mediaUrls.file': null,
      'customMessages.mediaUrls.url': { $exists: true },
    },
    deps,
    async campaign => {
      const fetched = await fetchMissing(campaign, deps);
      if (fetched) await keepFetched(campaign, fetched, deps);
    },
  );

/** Several may fetch at once, and the campaign may change meanwhile: only what is written keeps its files. */
async function keepFetched(
  { _id, customMessages: before }: CampaignDoc,
  customMessages: CustomMessage[],
  deps: CampaignDeps,
): Promise<void> {
  const { matchedCount } = await campaignsOf(deps).updateOne(
    { _id, customMessages: before },
    { $set: { customMessages } },
  );
  if (matchedCount > 0) return;
  const kept = new Set(fetchedFiles(before));
  for (const file of fetchedFiles(customMessages)) if (!kept.has(file)) await deps.messages.removeMedia(file);
}

async function forEach(
  filter: Parameters<ReturnType<typeof campaignsOf>['find']>[0],
  deps: CampaignDeps,
  act: (campaign: CampaignDoc, deps: CampaignDeps) => Promise<unknown>,
): Promise<void> {
  for (const campaign of await campaignsOf(deps).find(filter).toArray()) {
    try {
      await act(campaign, deps);
    } catch (error) {
      deps.logger.error('A campaign could not be followed.', { campaignId: campaign._id, error });
    }
  }
}

const clear = (campaign: CampaignDoc, deps: CampaignDeps): Promise<void> =>
  campaign.deletedAt ? clearDeleted(campaign, deps) : clearCancelled(campaign, deps);

async function endOrGoOn(campaign: CampaignDoc, deps: CampaignDeps): Promise<void> {
  const { _id, enrolling } = campaign;
  await deps.ports.releaseTargets(_id);
  if (enrolling && enrolling.state !== 'done') {
    if (enrolling.tryAt <= deps.clock.now()) void deps.ports.enroll(_id);
  } else if (!(await deps.ports.hasRunningTargets(_id))) {
    await completeCampaign(_id, deps);
  }
}

/** Everybody was considered and nobody is under way any more. Whoever waited for it starts at the next look. */
const completeCampaign = (campaignId: string, deps: CampaignDeps) =>
  tryChange(
    { campaignId, memberId: null },
    { from: ['active'], set: { status: 'completed', endedAt: deps.clock.now() } },
    deps,
  );

async function startWhenDue(campaign: CampaignDoc, deps: CampaignDeps): Promise<void> {
  const { _id, scheduledStartDate, runAfterCampaignId } = campaign;
  if (runAfterCampaignId !== null && !(await isOver(runAfterCampaignId, deps))) return;
  if (scheduledStartDate && scheduledStartDate > deps.clock.now()) return;
  await startByItself(_id, deps);
}

/** A predecessor that will never be over releases whoever waits for it. */
async function isOver(campaignId: string, deps: CampaignDeps): Promise<boolean> {
  const parent = await campaignsOf(deps).findOne({ _id: campaignId });
  if (parent?.status === 'completed') return true;
  if (!parent || parent.status === 'cancelled' || parent.deletedAt)
    await releaseChildren({ _id: campaignId }, 'The campaign that it waited for exists no more.', deps);
  return false;
}
