import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { idParams } from '../http/schemas.ts';
import type { CampaignDeps } from './campaign-deps.ts';
import type { CampaignDoc } from './campaign-model.ts';
import { campaignShape, createBody, previewBody, previewShape, reasonBody } from './campaign-schemas.ts';
import type { Campaign } from './campaign-schemas.ts';
import { NOT_FOUND } from './change-status.ts';
import { createCampaign } from './create-campaign.ts';
import { deleteCampaign } from './delete-campaign.ts';
import { NO_COUNTS, presentCampaign } from './present-campaign.ts';
import { cancelCampaign, pauseCampaign, resumeCampaign, startCampaign } from './run-campaign.ts';

const PATH = '/api/relance/campaigns';
const common = { access: 'member', tag: 'Campaigns' } as const;
const NO_ANSWER = { 503: 'The user service does not answer at the moment. Please try again shortly.' };

/** What members do with their filtered campaigns; reading them is insight's. */
export const campaignRoutes = (deps: CampaignDeps): Route[] => [
  route({
    ...{ ...common, method: 'post', path: `${PATH}/preview`, body: previewBody, errors: NO_ANSWER },
    summary: 'How many people a filter would enroll now, and the first five of them.',
    replies: { 200: previewShape },
    async handle({ actor, body }) {
      const audience = await deps.ports.audience(actor.userId, body.targetFilter);
      return { data: { ...audience, message: previewSentence(audience.totalCount) } };
    },
  }),
  route({
    ...{ ...common, method: 'post', path: PATH, body: createBody, errors: NO_ANSWER },
    summary: 'Makes a filtered campaign: a draft, or scheduled by a date or after another campaign.',
    replies: { 201: campaignShape },
    async handle({ actor, body }) {
      const campaign = await createCampaign(actor, body, deps);
      return {
        status: 201,
        message: 'Campaign created successfully',
        data: presentCampaign(campaign, NO_COUNTS),
      };
    },
  }),
  ...memberActions(deps),
  route({
    ...{ ...common, method: 'delete', path: `${PATH}/{id}`, errors: { 404: NOT_FOUND } },
    summary:
      'Deletes a campaign that has not begun or is over. That its people were followed up is remembered.',
    replies: { 200: z.object({ campaignId: z.string(), targetsDeleted: z.number().int() }) },
    async handle({ actor, params }) {
      const data = await deleteCampaign(ofMember(params, actor.userId), deps);
      return { message: 'Campaign deleted successfully', data };
    },
    params: idParams,
  }),
];

function memberActions(deps: CampaignDeps): Route[] {
  const action = (verb: string, summary: string, act: Act) =>
    route({
      ...{ ...common, method: 'post', path: `${PATH}/{id}/${verb}`, summary, params: idParams },
      body: reasonBody,
      replies: { 200: campaignShape },
      errors: { 404: NOT_FOUND },
      async handle({ actor, params, body }) {
        const { after } = await act(ofMember(params, actor.userId), body.reason);
        return { message: `Campaign ${PAST[verb] ?? verb} successfully`, data: await shown(after, deps) };
      },
    });
  return [
    action('start', 'Begins and enrolls at once; answers when that is done, or after 20 s.', which =>
      startCampaign(which, deps),
    ),
    action('pause', 'Its sends stop; people already in it wait.', which => pauseCampaign(which, deps)),
    action('resume', 'Goes on with the day each person stands at.', which => resumeCampaign(which, deps)),
    action('cancel', 'Ends for good, with everybody in it.', (which, reason) =>
      cancelCampaign(which, reason, deps),
    ),
  ];
}

export const PAST: Readonly<Record<string, string>> = {
  start: 'started',
  pause: 'paused',
  resume: 'resumed',
  cancel: 'cancelled',
};

type Act = (
  which: { campaignId: string; memberId: string },
  reason: string | null,
) => Promise<{ after: CampaignDoc }>;

const ofMember = ({ id }: { id: string }, memberId: string) => ({ campaignId: id, memberId });

export async function shown(campaign: CampaignDoc, { ports }: CampaignDeps): Promise<Campaign> {
  const countsOf = await ports.counts([campaign._id]);
  return presentCampaign(campaign, countsOf(campaign._id));
}

function previewSentence(count: number): string {
  if (count === 0) return 'No users match the selected filters';
  return count === 1 ? '1 user matches the selected filters' : `${count} users match the selected filters`;
}
