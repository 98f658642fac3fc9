import type { UserActor } from '../http/route.ts';
import { AppError } from '../platform/errors.ts';
import { noAnswer } from '../referrals/index.ts';
import { campaignsOf, membersOf } from './campaign-deps.ts';
import type { CampaignDeps } from './campaign-deps.ts';
import type { CampaignDoc } from './campaign-model.ts';
import type { CreateBody } from './campaign-schemas.ts';
import { keepCustomMessages } from './custom-messages.ts';
import { newFilteredCampaign } from './new-campaign.ts';

/** Makes a campaign that has not begun. Throws the sentences of the contract; nothing is kept then. */
export async function createCampaign(
  actor: Pick<UserActor, 'userId'>,
  body: CreateBody,
  deps: CampaignDeps,
): Promise<CampaignDoc> {
  const memberId = actor.userId;
  const limit = await limitOf(memberId, deps);
  if (body.runAfterCampaignId !== null) await refuseParent(memberId, body.runAfterCampaignId, deps);
  const { totalCount } = await deps.ports.audience(memberId, body.targetFilter);
  if (totalCount > limit) refuse(`Filter matches ${totalCount} targets, exceeds limit of ${limit}`);
  const campaign = newFilteredCampaign(
    {
      memberId,
      name: body.name,
      targetFilter: body.targetFilter,
      customMessages: await keepCustomMessages(body.customMessages, memberId, deps),
      maxMessagesPerDay: body.maxMessagesPerDay,
      priority: body.priority ?? 0,
      onReply: body.onReply ?? 'stop',
      scheduledStartDate: body.scheduledStartDate,
      runAfterCampaignId: body.runAfterCampaignId,
      estimatedTargetCount: totalCount,
    },
    deps.clock.now(),
  );
  await campaignsOf(deps).insertOne(campaign);
  return campaign;
}

/** How many targets this member's campaigns may have. */
async function limitOf(memberId: string, deps: CampaignDeps): Promise<number> {
  const subscription = await deps.source.hasSubscription(memberId);
  if (subscription === 'no') refuse('User does not have active RELANCE subscription');
  if (subscription === 'unknown') throw noAnswer();
  const member = await membersOf(deps).findOne(
    { _id: memberId },
    { projection: { maxTargetsPerCampaign: 1 } },
  );
  return member?.maxTargetsPerCampaign ?? refuse('Relance configuration not found');
}

async function refuseParent(memberId: string, parentId: string, deps: CampaignDeps): Promise<void> {
  const parent = await campaignsOf(deps).findOne({
    _id: parentId,
    memberId,
    type: 'filtered',
    deletedAt: null,
  });
  if (!parent) refuse('Parent campaign not found or does not belong to user');
  if (parent.status === 'completed' || parent.status === 'cancelled')
    refuse('Parent campaign is already completed or cancelled');
}

function refuse(sentence: string): never {
  throw new AppError('bad_request', sentence);
}
