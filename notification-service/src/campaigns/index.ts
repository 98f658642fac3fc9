/** To whom, and when it runs: default and filtered campaigns, filters, preview. */
import type { Route } from '../http/route.ts';
import { adminCampaignRoutes } from './admin-campaign-routes.ts';
import type { AdminCampaignDeps } from './admin-campaign-routes.ts';
import { campaignRoutes } from './campaign-routes.ts';
import { followCampaigns, retryMissingFiles } from './follow-campaigns.ts';

export { filteredCampaignRuns } from './automatic-pause.ts';
export * from './campaign-model.ts';
export type { CampaignPorts } from './campaign-deps.ts';
export { campaignShape } from './campaign-schemas.ts';
export { customDay } from './custom-messages.ts';
export { ensureDefaultCampaign, newDefaultCampaign } from './default-campaign.ts';
export { filterSubjectOf, matchesFilter } from './matches-filter.ts';
export { presentCampaign } from './present-campaign.ts';
export type { CampaignCounts } from './present-campaign.ts';

export interface Campaigns {
  routes: Route[];
  /** Starts, goes on with and ends what is due; every few seconds, by the scheduler. */
  follow(): Promise<void>;
  retryMissingFiles(): Promise<void>;
}

export const createCampaigns = (deps: AdminCampaignDeps): Campaigns => ({
  routes: [...campaignRoutes(deps), ...adminCampaignRoutes(deps)],
  follow: () => followCampaigns(deps),
  retryMissingFiles: () => retryMissingFiles(deps),
});
