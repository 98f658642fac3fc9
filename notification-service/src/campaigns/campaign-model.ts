import { defineModel } from '../platform/mongo.ts';

export type OnReply = 'stop' | 'pause' | 'continue';

export interface TargetFilter {
  countries?: string[];
  registrationDateFrom?: string;
  registrationDateTo?: string;
  subscriptionStatus?: 'subscribed' | 'non-subscribed' | 'all';
  hasUnpaidReferrals?: boolean;
  excludeCurrentTargets?: boolean;
  gender?: string;
  professions?: string[];
  minAge?: number;
  maxAge?: number;
}

export interface CampaignDoc {
  /** The default campaign's id follows from its member's (platform/ids.ts). */
  _id: string;
  memberId: string;
  type: 'default' | 'filtered';
  name: string;
  status: 'draft' | 'scheduled' | 'active' | 'paused' | 'completed' | 'cancelled';
  targetFilter: TargetFilter | null;
  maxMessagesPerDay: number | null;
  onReply: OnReply;
  createdAt: Date;
  updatedAt: Date;
}

/** A campaign whose audience has paid already: a payment neither holds nor ends its enrollments. */
export const isForSubscribers = (campaign: Pick<CampaignDoc, 'targetFilter'>): boolean =>
  campaign.targetFilter?.subscriptionStatus === 'subscribed';

export const campaignModel = defineModel<CampaignDoc>('campaigns', [
  { key: { memberId: 1, type: 1, createdAt: -1 } },
]);
