import { z } from 'zod';
import { CAMPAIGN_STATUSES, campaignShape } from '../campaigns/index.ts';
import { limitUpTo, page, userId } from '../http/schemas.ts';
import { memberTargetShape, pageOf, targetShape } from './insight-schemas.ts';

const count = z.number().int().nonnegative();

/** `all` and nothing mean every status. */
const status = z
  .enum([...CAMPAIGN_STATUSES, 'all', ''])
  .optional()
  .transform(found => (found === 'all' || found === '' ? undefined : found));
const type = z
  .enum(['default', 'filtered', 'all', ''])
  .optional()
  .transform(found => (found === 'all' || found === '' ? undefined : found));

export const campaignQuery = z.object({ page, limit: limitUpTo(100, 100), status, type });
export const adminCampaignQuery = z.object({
  ...{ page, limit: limitUpTo(100, 20), status, type },
  userId: z
    .literal('')
    .transform(() => undefined)
    .or(userId)
    .optional(),
});

export const campaignPageShape = z.object({
  campaigns: z.array(campaignShape),
  total: count,
  page: z.number().int(),
  totalPages: count,
});

const withTargets = <T extends z.ZodType>(target: T) =>
  campaignShape.extend({ campaign: campaignShape, targets: z.array(target).max(100) });
export const campaignWithTargets = withTargets(memberTargetShape);
export const adminCampaignWithTargets = withTargets(targetShape);

const pagination = z.object({ page: z.number().int(), limit: z.number().int(), total: count, pages: count });
export const campaignTargetsShape = pageOf(memberTargetShape).extend({ pagination });
export const adminCampaignTargetsShape = pageOf(targetShape).extend({ pagination });

export const allCampaignsShape = z.object({
  totalCampaigns: count,
  activeCampaigns: count,
  completedCampaigns: count,
  totalTargetsEnrolled: count,
  totalMessagesSent: count,
  averageSuccessRate: z.number().meta({ description: 'Of those that ended, how many paid: per cent.' }),
});
