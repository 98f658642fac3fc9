import { defineModel } from '../platform/mongo.ts';
import type { Row, Step, Why } from './step.ts';

export const EXIT_REASONS = [
  'paid',
  'replied',
  'opted_out',
  'completed_7_days',
  'manual',
  'subscription_expired',
  'invalid_number',
  'unreachable',
  'stale',
] as const;
export type ExitReason = (typeof EXIT_REASONS)[number];

export interface EnrollmentDoc {
  /** Follows from campaign and referral (platform/ids.ts): enrolling twice is a duplicate key. */
  _id: string;
  campaignId: string;
  campaignType: 'default' | 'filtered';
  /** The campaign's audience has paid already: payments neither hold nor end this enrollment. */
  forSubscribers: boolean;
  memberId: string;
  channelId: string;
  referralUserId: string;
  referral: ReferralFacts;
  /** Digits with country code; null once erased. */
  phone: string | null;
  phoneHash: string;
  /** Learnt at the first number check. */
  chat: { chatId: string; lid: string | null } | null;
  language: string;
  zone: string;
  status: 'active' | 'ended';
  exitReason: ExitReason | null;
  enteredAt: Date;
  exitedAt: Date | null;
  /** This one person is paused: near miss of an opt-out word, `onReply: pause`, or by hand. */
  held: { reason: string; at: Date } | null;
  /** The campaign's: among what is due on a channel, the higher goes first. */
  priority: number;
  step: Step;
  why: Why | null;
  /** The sequence's wall-clock minute of the day (0–1439) in `zone`; null until day 1 has gone out. */
  wallMinute: number | null;
  /** Local date (YYYY-MM-DD) of the last day that was sent or skipped: never two in one local date. */
  lastLocalDate: string | null;
  /** Whole days that the sequence is late, in all. */
  shiftDays: number;
  referralCreatedAt: Date;
  unpaidSeenAt: Date | null;
  rows: Record<string, Row>;
  /** The database's clock at the last change of `rows`: the follower's cursor runs over it. */
  rowsAt: Date | null;
  lastMessageSentAt: Date | null;
}

export interface ReferralFacts {
  name: string | null;
  firstName: string | null;
  email: string | null;
  country: string | null;
  attributes: Record<string, string | number | boolean>;
}

export const enrollmentModel = defineModel<EnrollmentDoc>('enrollments', [
  // A person is in at most one running sequence on the whole platform.
  {
    key: { referralUserId: 1 },
    name: 'one_running_by_user',
    unique: true,
    partialFilterExpression: { status: 'active' },
  },
  {
    key: { phoneHash: 1 },
    name: 'one_running_by_phone',
    unique: true,
    partialFilterExpression: { status: 'active' },
  },
  // Every sequence somebody was ever in: eligibility and exit ask by both keys, whatever the status.
  { key: { referralUserId: 1, enteredAt: -1 }, name: 'by_user' },
  { key: { phoneHash: 1, enteredAt: -1 }, name: 'by_phone' },
  // Who answers may be known by the hidden id alone.
  {
    key: { 'chat.lid': 1, enteredAt: -1 },
    name: 'by_lid',
    partialFilterExpression: { 'chat.lid': { $exists: true } },
  },
  // The pick: the longest due of a channel, by rank and priority.
  {
    key: { channelId: 1, 'step.rank': 1, priority: -1, 'step.tryAt': 1 },
    name: 'pick_by_priority',
    partialFilterExpression: { status: 'active', 'step.state': 'scheduled' },
  },
  // The alarm: the earliest of a channel, by rank.
  {
    key: { channelId: 1, 'step.rank': 1, 'step.tryAt': 1 },
    name: 'pick',
    partialFilterExpression: { status: 'active', 'step.state': 'scheduled' },
  },
  // The sweep: everything due, whatever the channel.
  {
    key: { 'step.tryAt': 1 },
    name: 'due',
    partialFilterExpression: { status: 'active', 'step.state': 'scheduled' },
  },
  {
    key: { channelId: 1, 'step.state': 1 },
    name: 'open',
    partialFilterExpression: { 'step.fence.token': { $exists: true } },
  },
  { key: { memberId: 1, status: 1, enteredAt: -1 }, name: 'targets' },
  { key: { campaignId: 1, status: 1, enteredAt: -1 }, name: 'campaign_targets' },
  // What a campaign has come to, from the index alone.
  { key: { campaignId: 1, exitReason: 1 }, name: 'campaign_exits' },
  // Who waits for the campaign to go on.
  {
    key: { campaignId: 1 },
    name: 'waiting',
    partialFilterExpression: { status: 'active', 'step.tryAt': null },
  },
  // The admins' list over all members.
  { key: { status: 1, enteredAt: -1, _id: -1 }, name: 'newest' },
  { key: { rowsAt: 1 }, name: 'follower', partialFilterExpression: { rowsAt: { $type: 'date' } } },
]);
