/** To whom, and when it runs: default and filtered campaigns, filters, preview. */
export * from './campaign-model.ts';
export { ensureDefaultCampaign, newDefaultCampaign } from './default-campaign.ts';
export { matchesFilter, readFilterDate } from './matches-filter.ts';
export type { FilterSubject } from './matches-filter.ts';
