import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { idParams } from '../http/schemas.ts';
import type { CampaignDeps } from './campaign-deps.ts';
import type { CampaignDoc } from './campaign-model.ts';
import { PAST, shown } from './campaign-routes.ts';
import { campaignShape, reasonBody } from './campaign-schemas.ts';
import { NOT_FOUND } from './change-status.ts';
import type { Changed, Which } from './change-status.ts';
import { cancelCampaign, pauseCampaign, resumeCampaign } from './run-campaign.ts';

export interface AdminCampaignDeps extends CampaignDeps {
  recordAudit(entry: {
    actor: string;
    action: string;
    target: string;
    before?: unknown;
    after?: unknown;
  }): Promise<void>;
}

/** What admins do with anybody's campaign: the same, and it is written down with what stood before. */
export function adminCampaignRoutes(deps: AdminCampaignDeps): Route[] {
  const action = (
    verb: 'pause' | 'resume' | 'cancel',
    act: (which: Which, reason: string | null) => Promise<Changed>,
  ) =>
    route({
      method: 'post',
      path: `/api/relance/admin/campaigns/{id}/${verb}`,
      access: 'admin',
      tag: 'Admin',
      summary: `The same as a member’s ${verb}, for anybody’s campaign.`,
      params: idParams,
      body: reasonBody,
      replies: { 200: campaignShape },
      async handle({ actor, params, body }) {
        const { before, after } = await act({ campaignId: params.id, memberId: null }, body.reason);
        await deps.recordAudit({
          actor: actor.userId,
          action: `campaign.${verb}`,
          target: params.id,
          before: audited(before),
          after: audited(after),
        });
        return { message: `Campaign ${PAST[verb] ?? verb} successfully`, data: await shown(after, deps) };
      },
      errors: { 400: `${NOT_FOUND} · Cannot ${verb} campaign with status: X` },
    });
  return [
    action('pause', which => pauseCampaign(which, deps)),
    action('resume', which => resumeCampaign(which, deps)),
    action('cancel', (which, reason) => cancelCampaign(which, reason, deps)),
  ];
}

const audited = ({ memberId, name, status, cancelReason }: CampaignDoc) => ({
  ...{ memberId, name, status, cancelReason },
});
