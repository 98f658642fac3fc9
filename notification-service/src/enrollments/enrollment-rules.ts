import { isForSubscribers } from '../campaigns/index.ts';
import type { CampaignDoc } from '../campaigns/index.ts';
import type { ChannelDoc } from '../channels/index.ts';
import type { MemberDoc } from '../members/index.ts';
import type { Config } from '../platform/config.ts';
import type { EnrollmentRules } from './eligibility.ts';

export type RuleSettings = Pick<
  Config,
  'RELANCE_REST_DAYS' | 'RELANCE_TIMEZONE' | 'RELANCE_DEFAULT_LANGUAGE'
>;

const DAY_MS = 24 * 60 * 60_000;

/** What holds for everybody in one run over one campaign. Pure. */
export function rulesOf(
  campaign: Pick<CampaignDoc, 'memberId' | 'type' | 'targetFilter'>,
  given: {
    member: Pick<MemberDoc, 'phone' | 'exclusions' | 'zone'>;
    channel: Pick<ChannelDoc, 'phone'> | null;
    now: Date;
    after: Date;
    delayMs: number;
    config: RuleSettings;
  },
): EnrollmentRules {
  const { member, channel, now, after, delayMs, config } = given;
  const own = [member.phone, channel?.phone].filter(phone => typeof phone === 'string');
  const { exclusions } = member;
  return {
    memberId: campaign.memberId,
    campaignType: campaign.type,
    forSubscribers: isForSubscribers(campaign),
    ...{ now, after, delayMs },
    restMs: config.RELANCE_REST_DAYS * DAY_MS,
    ownPhones: new Set(own),
    excluded: {
      userIds: new Set(exclusions.map(({ userId }) => userId).filter(id => id !== null)),
      phones: new Set(exclusions.map(({ phone }) => phone).filter(phone => phone !== null)),
    },
    memberZone: member.zone,
    defaultZone: config.RELANCE_TIMEZONE,
    defaultLanguage: config.RELANCE_DEFAULT_LANGUAGE,
  };
}

/**
 * A member who chooses people chooses their age too: a filtered campaign takes the youngest and the oldest alike.
 */
export const ANY_AGE = { after: new Date(0), delayMs: 0 } as const;
