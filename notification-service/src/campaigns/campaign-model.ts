import type { DayMedia } from '../messages/index.ts';
import { defineModel } from '../platform/mongo.ts';

export type OnReply = 'stop' | 'pause' | 'continue';
export const CAMPAIGN_STATUSES = [
  'draft',
  'scheduled',
  'active',
  'paused',
  'completed',
  'cancelled',
] as const;
export type CampaignStatus = (typeof CAMPAIGN_STATUSES)[number];

/** Whom a member wants, as their page sent it. What is absent, null or empty asks nothing. */
export interface TargetFilter {
  countries?: string[] | null | undefined;
  registrationDateFrom?: string | null | undefined;
  registrationDateTo?: string | null | undefined;
  subscriptionStatus?: 'subscribed' | 'non-subscribed' | 'all' | '' | null | undefined;
  hasUnpaidReferrals?: boolean | null | undefined;
  excludeCurrentTargets?: boolean | null | undefined;
  gender?: string | null | undefined;
  professions?: string[] | null | undefined;
  /** Whole years; pages send what was typed. */
  minAge?: number | string | null | undefined;
  maxAge?: number | string | null | undefined;
}

/** What a campaign says on one day instead of the platform's message. */
export interface CustomMessage {
  dayNumber: number;
  /** By lower-case language code; none at all leaves the platform's text. */
  messageTemplate: Record<string, string>;
  mediaUrls: CustomMedia[];
}
export interface CustomMedia {
  /** As the member gave it. */
  url: string;
  language: string | null;
  /** The stored file; null while it could not be fetched. */
  file: DayMedia | null;
  /** Why it is missing: a sentence. It is fetched again now and then, and left out of the message until then. */
  warning: string | null;
}

/** The job that brings people into a started campaign. It may be taken up again by any process. */
export interface Enrolling {
  /** `waiting`: it is looked again at `tryAt`; `done`: everybody was considered. */
  state: 'running' | 'waiting' | 'done';
  /** Who works on it; null when nobody does. */
  token: string | null;
  /** The database's clock: until then nobody else takes it. Machine time. */
  leaseUntil: Date;
  /** Calendar: not before. */
  tryAt: Date;
  /** Of the last run: people in the user service's answer, those of the audience, and why others were left out. */
  considered: number;
  matching: number;
  leftOut: Record<string, number>;
  /** Why it waits: a machine reason. */
  reason: string | null;
}

export interface CampaignDoc {
  /** The default campaign's id follows from its member's (platform/ids.ts). */
  _id: string;
  memberId: string;
  type: 'default' | 'filtered';
  name: string;
  status: CampaignStatus;
  targetFilter: TargetFilter | null;
  customMessages: CustomMessage[];
  /** Messages within 24 hours; null: only the member's own cap. */
  maxMessagesPerDay: number | null;
  /** Among what is due on a channel, the higher goes first. */
  priority: number;
  onReply: OnReply;
  scheduledStartDate: Date | null;
  /** Starts when that one is over. */
  runAfterCampaignId: string | null;
  /** How many people would have been enrolled when it was made. */
  estimatedTargetCount: number;
  startedAt: Date | null;
  endedAt: Date | null;
  cancelReason: string | null;
  /** What happened to it without the member's doing: a sentence. */
  note: string | null;
  enrolling: Enrolling | null;
  /** Cancelled or deleted, and not all of its people have been dealt with yet. */
  clearing: boolean;
  /** Seen by nobody any more. */
  deletedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A campaign whose audience has paid already: a payment neither holds nor ends its enrollments. */
export const isForSubscribers = (campaign: Pick<CampaignDoc, 'targetFilter'>): boolean =>
  campaign.targetFilter?.subscriptionStatus === 'subscribed';

export const campaignModel = defineModel<CampaignDoc>('campaigns', [
  { key: { memberId: 1, type: 1, createdAt: -1 } },
  { key: { type: 1, status: 1, createdAt: -1 }, name: 'by_status' },
  { key: { type: 1, createdAt: -1 }, name: 'newest' },
  { key: { runAfterCampaignId: 1 }, name: 'children', partialFilterExpression: { status: 'scheduled' } },
  { key: { clearing: 1 }, name: 'clearing', partialFilterExpression: { clearing: true } },
]);
