import type { CampaignDoc } from '../campaigns/index.ts';
import { isForSubscribers } from '../campaigns/index.ts';
import { channelIdOf, enrollmentIdOf } from '../platform/ids.ts';
import type { Referral } from '../referrals/index.ts';
import type { EnrollmentDoc, ReferralFacts } from './enrollment-model.ts';
import { RANK } from './step.ts';

/** The beginning of a sequence: day 1, scheduled for `dueAt`. Pure. */
export function newEnrollment(args: {
  campaign: CampaignDoc;
  referral: Referral & { createdAt: Date };
  phone: string;
  phoneHash: string;
  country: string | null;
  language: string;
  zone: string;
  dueAt: Date;
  now: Date;
  unpaidSeenAt: Date | null;
}): EnrollmentDoc {
  const { campaign, referral, dueAt } = args;
  return {
    _id: enrollmentIdOf(campaign._id, referral.id),
    campaignId: campaign._id,
    campaignType: campaign.type,
    forSubscribers: isForSubscribers(campaign),
    memberId: campaign.memberId,
    channelId: channelIdOf(campaign.memberId),
    referralUserId: referral.id,
    referral: factsOf(referral, args.country),
    phone: args.phone,
    phoneHash: args.phoneHash,
    chat: null,
    language: args.language,
    zone: args.zone,
    status: 'active',
    exitReason: null,
    enteredAt: args.now,
    exitedAt: null,
    held: null,
    priority: campaign.priority,
    step: {
      day: 1,
      part: 0,
      state: 'scheduled',
      dueAt,
      tryAt: dueAt,
      rank: RANK.firstContact,
      version: 1,
      attempts: 0,
      startedAt: null,
      resentOnce: false,
      fence: null,
    },
    why: null,
    wallMinute: null,
    lastLocalDate: null,
    shiftDays: 0,
    referralCreatedAt: referral.createdAt,
    unpaidSeenAt: args.unpaidSeenAt,
    rows: {},
    rowsAt: null,
    lastMessageSentAt: null,
  };
}

function factsOf(referral: Referral, country: string | null): ReferralFacts {
  const { name, email, gender, profession, age } = referral;
  const attributes = { gender, profession, age, country };
  return {
    name,
    firstName: name?.split(/\s+/)[0] ?? null,
    email,
    country,
    attributes: Object.fromEntries(
      Object.entries(attributes).filter(([, value]) => value !== null),
    ) as Record<string, string | number>,
  };
}
