import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { idParams } from '../http/schemas.ts';
import type { MemberDoc } from '../members/index.ts';
import { isDefaultCampaignPaused } from '../members/index.ts';
import { defaultCampaignIdOf } from '../platform/ids.ts';
import { campaignStats } from './campaign-stats.ts';
import {
  campaignStatsShape,
  memberTargetShape,
  pageOf,
  targetQuery,
  targetShape,
  timelineShape,
} from './insight-schemas.ts';
import { withPerson } from './present-target.ts';
import { readRunningTargets, readTargets } from './read-targets.ts';
import { readTimeline } from './read-timeline.ts';
import type { CircumstanceDeps } from './read-circumstances.ts';
import { languageFrom } from './why-sentence.ts';

/** What members see of their own. */
export function memberInsightRoutes(deps: CircumstanceDeps): Route[] {
  const { db } = deps;
  const isPaused = async (memberId: string): Promise<boolean> => {
    const member = await db
      .collection<MemberDoc>('members')
      .findOne({ _id: memberId }, { projection: { exclusions: 0 } });
    return member !== null && isDefaultCampaignPaused(member);
  };
  return [
    route({
      method: 'get',
      path: '/api/relance/campaigns/default/stats',
      access: 'member',
      tag: 'Campaigns',
      summary: 'Numbers of one’s default campaign; the landing fields are over all members for an admin.',
      replies: { 200: campaignStatsShape },
      async handle({ actor }) {
        const args = {
          campaignId: defaultCampaignIdOf(actor.userId),
          isPaused: await isPaused(actor.userId),
          landing: actor.isAdmin ? {} : { memberId: actor.userId },
        };
        return { data: await campaignStats(args, db) };
      },
    }),
    route({
      method: 'get',
      path: '/api/relance/campaigns/default/targets',
      access: 'member',
      tag: 'Campaigns',
      summary: 'The targets of one’s default campaign, the newest first.',
      query: targetQuery,
      replies: { 200: pageOf(memberTargetShape) },
      async handle({ actor, query, req }) {
        const whose = { campaignId: defaultCampaignIdOf(actor.userId), memberId: actor.userId };
        const found = await readTargets(whose, query, languageFrom(req.get('Accept-Language')), deps);
        return { data: { ...found, targets: found.targets.map(withPerson) } };
      },
    }),
    route({
      method: 'get',
      path: '/api/relance/targets',
      access: 'member',
      tag: 'Member',
      summary: 'One’s own active targets, the newest first, at most 100.',
      replies: { 200: z.array(targetShape) },
      handle: async ({ actor, req }) => ({
        data: await readRunningTargets(actor.userId, languageFrom(req.get('Accept-Language')), deps),
      }),
    }),
    route({
      method: 'get',
      path: '/api/relance/targets/{id}/timeline',
      access: 'member',
      tag: 'Member',
      summary: 'Everything that happened to one of one’s targets and why, and what holds its next message.',
      params: idParams,
      replies: { 200: timelineShape },
      errors: { 404: 'Target not found' },
      handle: async ({ actor, params, req }) => ({
        data: await readTimeline(params.id, actor.userId, languageFrom(req.get('Accept-Language')), deps),
      }),
    }),
  ];
}
