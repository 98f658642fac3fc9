import { defineModel } from '../platform/mongo.ts';

export interface MemberDoc {
  /** The platform's user id. */
  _id: string;
  email: string;
  name: string | null;
  /** As typed for pairing, or from the user service; digits. */
  phone: string | null;
  language: string | null;
  zone: string | null;
  /** `enabled: false` is both pauses at once, without losing their own values. */
  enabled: boolean;
  enrollmentPaused: boolean;
  sendingPaused: boolean;
  /** Two facts: paused by hand, and paused by a running filtered campaign. Either stops default enrollment. */
  defaultCampaignPausedByMember: boolean;
  defaultCampaignPausedByCampaign: boolean;
  allowSimultaneousCampaigns: boolean;
  /** How often campaigns have begun and ended: what makes such a change conflict with one of the settings. */
  campaignChanges?: number;
  maxMessagesPerDay: number;
  maxTargetsPerCampaign: number;
  consentAt: Date | null;
  exclusions: Exclusion[];
  /** Referrals created up to here have been considered for enrollment; null before the first run. */
  enrollmentCursor: Date | null;
  /** The last definite answer about the member's own subscription; `noSince` while it is no. */
  subscription: { answer: 'yes' | 'no' | 'unknown'; noSince: Date | null; askedAt: Date | null };
  createdAt: Date;
}

export interface Exclusion {
  id: string;
  phone: string | null;
  userId: string | null;
  at: Date;
}

export const newMember = (args: {
  _id: string;
  email: string;
  name: string | null;
  at: Date;
}): MemberDoc => ({
  _id: args._id,
  email: args.email,
  name: args.name,
  phone: null,
  language: null,
  zone: null,
  enabled: true,
  enrollmentPaused: false,
  sendingPaused: false,
  defaultCampaignPausedByMember: false,
  defaultCampaignPausedByCampaign: false,
  allowSimultaneousCampaigns: false,
  maxMessagesPerDay: 50,
  maxTargetsPerCampaign: 500,
  consentAt: null,
  exclusions: [],
  enrollmentCursor: null,
  subscription: { answer: 'unknown', noSince: null, askedAt: null },
  createdAt: args.at,
});

export const memberModel = defineModel<MemberDoc>('members', []);
