import { createCampaigns } from './campaigns/index.ts';
import type { CampaignDoc, CampaignPorts, Campaigns } from './campaigns/index.ts';
import type { Enrollments } from './enrollments/index.ts';
import type { Insight } from './insight/index.ts';
import type { Messages } from './messages/index.ts';
import type { Clock } from './platform/clock.ts';
import type { Events } from './platform/events.ts';
import type { Logger } from './platform/logger.ts';
import type { Mongo } from './platform/mongo.ts';
import type { ReferralSource } from './referrals/index.ts';

export interface WireCampaignsDeps {
  mongo: Pick<Mongo, 'db' | 'transaction'>;
  clock: Clock;
  logger: Logger;
  source: ReferralSource;
  messages: Messages;
  enrollments: Enrollments;
  insight: Insight;
  tell(campaign: CampaignDoc): void;
}

/** Gives campaigns what they ask of the features behind them. */
export function wireCampaigns(deps: WireCampaignsDeps): Campaigns {
  const { mongo, enrollments, insight } = deps;
  const targets = enrollments.campaigns;
  const ports: CampaignPorts = {
    async audience(memberId, filter) {
      const { count, sample, leftOut } = await enrollments.previewAudience(memberId, filter);
      const sampleUsers = sample.map(({ id, name, email, phoneNumber, country, ...rest }) => ({
        ...{ _id: id, name: name ?? '', email: email ?? '', phoneNumber: phoneNumber ?? '', country },
        ...{ gender: rest.gender, profession: rest.profession, age: rest.age, createdAt: rest.createdAt },
      }));
      return { totalCount: count, sampleUsers, leftOut };
    },
    enroll: campaignId => targets.enroll(campaignId),
    endTargets: campaignId => targets.end(campaignId),
    releaseTargets: campaignId => targets.release(campaignId),
    hasRunningTargets: campaignId => targets.hasRunning(campaignId),
    countTargets: campaignId => targets.count(campaignId),
    async forgetTargets(campaignId) {
      // The log keeps what was sent: it must have read the rows before they go.
      await insight.followDeliveries();
      await insight.rememberSequences({ campaignId });
      return targets.delete(campaignId);
    },
    counts: campaignIds => insight.campaignCounts(campaignIds),
    tell: deps.tell,
  };
  return createCampaigns({
    ...{ db: mongo.db, transaction: mongo.transaction, clock: deps.clock, logger: deps.logger },
    ...{ source: deps.source, messages: deps.messages, ports },
    recordAudit: entry => insight.recordAudit(entry),
  });
}

/** What pages hear of a campaign: that it stands elsewhere, or how far its enrollment has come. */
export const campaignNews = (events: Pick<Events, 'publish'>) => ({
  tell: ({ _id, memberId, status, note }: CampaignDoc): void =>
    void events.publish(memberId, { type: 'campaign', data: { id: _id, status, note } }, { keep: true }),
  progress: ({ _id, memberId, status }: CampaignDoc, enrollment: { finished: boolean }): void =>
    void events.publish(
      memberId,
      { type: 'campaign', data: { id: _id, status, enrollment } },
      { keep: enrollment.finished },
    ),
});
