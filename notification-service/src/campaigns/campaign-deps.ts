import type { MemberDoc } from '../members/index.ts';
import type { Messages } from '../messages/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Collection, Db, Mongo } from '../platform/mongo.ts';
import type { ReferralSource } from '../referrals/index.ts';
import type { CampaignDoc, TargetFilter } from './campaign-model.ts';
import type { Preview } from './campaign-schemas.ts';
import type { CampaignCounts } from './present-campaign.ts';

/** What campaigns ask of the features behind them in the line. */
export interface CampaignPorts {
  /** Whom this filter would enroll now. Throws `unavailable` while the user service gives no complete answer. */
  audience(memberId: string, filter: TargetFilter): Promise<Omit<Preview, 'message'>>;
  /**
   * Works on the campaign's enrollment until there is nothing more to do at present, unless somebody else does. Never
   * rejects: what goes wrong is logged and tried again later.
   */
  enroll(campaignId: string): Promise<void>;
  /** Ends all running sequences of the campaign as `manual`. */
  endTargets(campaignId: string): Promise<void>;
  /** Those that waited for the campaign go on with the day they stand at. */
  releaseTargets(campaignId: string): Promise<void>;
  hasRunningTargets(campaignId: string): Promise<boolean>;
  countTargets(campaignId: string): Promise<number>;
  /** Remembers about the people that they were followed up, then deletes. True when nothing is left. */
  forgetTargets(campaignId: string): Promise<boolean>;
  counts(campaignIds: readonly string[]): Promise<(campaignId: string) => CampaignCounts>;
  /** Tells the member's pages; must not throw. */
  tell(campaign: CampaignDoc): void;
}

export interface CampaignDeps {
  db: Db;
  transaction: Mongo['transaction'];
  clock: Clock;
  logger: Logger;
  source: Pick<ReferralSource, 'hasSubscription'>;
  messages: Pick<Messages, 'tryToKeep' | 'removeMedia'>;
  ports: CampaignPorts;
}

export const campaignsOf = ({ db }: { db: Db }): Collection<CampaignDoc> => db.collection('campaigns');
export const membersOf = ({ db }: { db: Db }): Collection<MemberDoc> => db.collection('members');
