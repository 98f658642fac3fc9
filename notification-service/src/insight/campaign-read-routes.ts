import type { CampaignDoc } from '../campaigns/index.ts';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { idParams } from '../http/schemas.ts';
import type { Db, Filter } from '../platform/mongo.ts';
import {
  adminCampaignQuery,
  adminCampaignTargetsShape,
  adminCampaignWithTargets,
  allCampaignsShape,
  campaignPageShape,
  campaignQuery,
  campaignTargetsShape,
  campaignWithTargets,
} from './campaign-read-schemas.ts';
import { countMessages, countStanding, percentOf } from './campaign-stats.ts';
import { targetQuery } from './insight-schemas.ts';
import { withPerson } from './present-target.ts';
import type { CircumstanceDeps } from './read-circumstances.ts';
import { readCampaign, readCampaigns } from './read-campaigns.ts';
import { readTargets } from './read-targets.ts';
import type { TargetQuery } from './read-targets.ts';
import { languageFrom } from './why-sentence.ts';

const NOT_FOUND = { 404: 'Campaign not found' };
const FIRST_PAGE = { page: 1, limit: 100 } as const;

/** Filtered campaigns as their members see them. */
export function campaignReadRoutes(deps: CircumstanceDeps): Route[] {
  const { db } = deps;
  const common = { method: 'get', access: 'member', tag: 'Campaigns' } as const;
  const own = (id: string, memberId: string): Filter<CampaignDoc> => ({
    ...{ _id: id, memberId, type: 'filtered' },
  });
  return [
    route({
      ...{ ...common, path: '/api/relance/campaigns', query: campaignQuery },
      summary: 'One’s own filtered campaigns, the newest first; never the default one.',
      replies: { 200: campaignPageShape },
      async handle({ actor, query }) {
        // Asking for the default one finds nothing.
        const type = query.type === 'default' ? { $in: [] } : 'filtered';
        return { data: await readCampaigns({ memberId: actor.userId, type }, query, db) };
      },
    }),
    route({
      ...{ ...common, path: '/api/relance/campaigns/{id}', params: idParams, errors: NOT_FOUND },
      summary: 'One campaign and its newest 100 targets.',
      replies: { 200: campaignWithTargets },
      async handle({ actor, params, req }) {
        const campaign = await readCampaign(own(params.id, actor.userId), db);
        const { targets } = await targetsOf(params.id, FIRST_PAGE, req.get('Accept-Language'), deps);
        return { data: { ...campaign, campaign, targets: targets.map(withPerson) } };
      },
    }),
    route({
      ...{ ...common, path: '/api/relance/campaigns/{id}/targets', params: idParams, errors: NOT_FOUND },
      summary: 'The targets of one campaign, the newest first.',
      query: targetQuery,
      replies: { 200: campaignTargetsShape },
      async handle({ actor, params, query, req }) {
        await readCampaign(own(params.id, actor.userId), db);
        const found = await targetsOf(params.id, query, req.get('Accept-Language'), deps);
        return { data: { ...found, targets: found.targets.map(withPerson) } };
      },
    }),
  ];
}

/** Everybody's campaigns, the default ones too. */
export function adminCampaignReadRoutes(deps: CircumstanceDeps): Route[] {
  const { db } = deps;
  const common = { method: 'get', access: 'admin', tag: 'Admin' } as const;
  return [
    route({
      ...{ ...common, path: '/api/relance/admin/campaigns', query: adminCampaignQuery },
      summary: 'The campaigns of all members, the newest first.',
      replies: { 200: campaignPageShape },
      async handle({ query }) {
        const { userId: memberId, type } = query;
        const whose = { ...(memberId ? { memberId } : {}), ...(type ? { type } : {}) };
        return { data: await readCampaigns(whose, query, db) };
      },
    }),
    route({
      ...{ ...common, path: '/api/relance/admin/campaigns/stats' },
      summary: 'Numbers of all campaigns together.',
      replies: { 200: allCampaignsShape },
      handle: async () => ({ data: await allCampaigns(db) }),
    }),
    route({
      ...{ ...common, path: '/api/relance/admin/campaigns/{id}', params: idParams, errors: NOT_FOUND },
      summary: 'One campaign of any member and its newest 100 targets.',
      replies: { 200: adminCampaignWithTargets },
      async handle({ params, req }) {
        const campaign = await readCampaign({ _id: params.id }, db);
        const { targets } = await targetsOf(params.id, FIRST_PAGE, req.get('Accept-Language'), deps);
        return { data: { ...campaign, campaign, targets } };
      },
    }),
    route({
      ...{ ...common, path: '/api/relance/admin/campaigns/{id}/targets', params: idParams },
      summary: 'The targets of one campaign of any member, the newest first.',
      query: targetQuery,
      replies: { 200: adminCampaignTargetsShape },
      errors: NOT_FOUND,
      async handle({ params, query, req }) {
        await readCampaign({ _id: params.id }, db);
        return { data: await targetsOf(params.id, query, req.get('Accept-Language'), deps) };
      },
    }),
  ];
}

async function targetsOf(
  campaignId: string,
  query: TargetQuery,
  acceptLanguage: string | undefined,
  deps: CircumstanceDeps,
) {
  const found = await readTargets({ campaignId }, query, languageFrom(acceptLanguage), deps);
  const { total, page, totalPages: pages } = found;
  return { ...found, pagination: { page, limit: query.limit, total, pages } };
}

async function allCampaigns(db: Db) {
  const campaigns = db.collection<CampaignDoc>('campaigns');
  const filtered = { type: 'filtered' as const, deletedAt: null };
  const whose = { campaignType: 'filtered' as const };
  const [totalCampaigns, activeCampaigns, completedCampaigns, standing] = await Promise.all([
    campaigns.countDocuments(filtered),
    campaigns.countDocuments({ ...filtered, status: 'active' }),
    campaigns.countDocuments({ ...filtered, status: 'completed' }),
    countStanding(whose, db),
  ]);
  return {
    ...{ totalCampaigns, activeCampaigns, completedCampaigns },
    totalTargetsEnrolled: standing.enrolled,
    totalMessagesSent: (await countMessages({}, db)).sent,
    averageSuccessRate: percentOf(standing.exits.paid, standing.ended),
  };
}
