import type { CampaignDoc } from '../campaigns/index.ts';
import type { Logger } from '../platform/logger.ts';
import { runWithContext } from '../platform/request-context.ts';
import { retryUnknownPayments } from './campaign-targets.ts';
import { enrollCampaign } from './enroll-campaign.ts';
import type { Figures } from './enroll-campaign.ts';
import { refreshPayments } from './enroll-member.ts';
import type { EnrollDeps } from './enroll-member.ts';

export interface CampaignJobDeps extends EnrollDeps {
  logger: Logger;
  campaignProgress?(campaign: CampaignDoc, figures: Figures): void;
}

export interface CampaignJobs {
  /** Resolves when the people are in, or there was nothing to do. Never rejects. */
  run(campaignId: string): Promise<void>;
  close(): Promise<void>;
}

/** The enrollment of campaigns, as this process does it. What is left when it ends is taken up by another. */
export function createCampaignJobs(deps: CampaignJobDeps): CampaignJobs {
  const running = new Set<Promise<unknown>>();
  let closing = false;
  const isClosing = () => closing;
  const track = (work: Promise<void>): Promise<void> => {
    const ended = work.finally(() => running.delete(ended));
    running.add(ended);
    return ended;
  };
  const guarded = (campaignId: string, work: () => Promise<void>): Promise<void> =>
    track(
      runWithContext({ campaignId }, work).catch((error: unknown) =>
        deps.logger.error('The enrollment of a campaign went wrong.', { campaignId, error }),
      ),
    );
  const entry = {
    ...deps,
    progress: (campaign: CampaignDoc, figures: Figures) => deps.campaignProgress?.(campaign, figures),
    isClosing,
  };
  return {
    run: campaignId =>
      guarded(campaignId, async () => {
        if (isClosing()) return;
        const enrolled = await enrollCampaign(campaignId, entry);
        // Nobody waits for this: until it is known who is unpaid, nothing is sent to them.
        if (enrolled && !isClosing()) void guarded(campaignId, () => askWhoIsUnpaid(campaignId, deps));
      }),
    async close() {
      closing = true;
      await Promise.all(running);
    },
  };
}

async function askWhoIsUnpaid(campaignId: string, deps: CampaignJobDeps): Promise<void> {
  const campaign = await deps.db.collection<CampaignDoc>('campaigns').findOne({ _id: campaignId });
  if (!campaign) return;
  await refreshPayments(campaign.memberId, deps);
  await retryUnknownPayments(campaignId, deps);
}
