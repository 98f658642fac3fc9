import type { CampaignDoc } from '../campaigns/index.ts';
import { parsePhone } from '../platform/phone.ts';
import type { PersonDetails, Referral } from '../referrals/index.ts';
import type { Candidate } from './eligibility.ts';

/**
 * A referral as eligibility looks at it; languages as its list says them, else not asked yet. The default campaign reads
 * the list of the unpaid; the one that filtered campaigns read holds everybody, and what they have subscribed to.
 */
export const readCandidate = (referral: Referral, campaignType: CampaignDoc['type']): Candidate => ({
  referralUserId: referral.id,
  createdAt: referral.createdAt,
  unpaid: campaignType === 'default' || referral.activeSubscriptionTypes.length === 0,
  phoneNumber: referral.phoneNumber,
  phone: referral.phoneNumber === null ? null : parsePhone(referral.phoneNumber, referral.country),
  country: isoCode(referral.country),
  languages: referral.languages ?? [],
});

const isoCode = (country: string | null): string | null =>
  country !== null && /^[a-z]{2}$/i.test(country) ? country.toUpperCase() : null;

/** The same, with what the platform's details say of their languages. */
export function withDetails(
  candidate: Candidate,
  details: ReadonlyMap<string, PersonDetails> | null,
): Candidate {
  if (details === null) return { ...candidate, languages: 'unknown' };
  return { ...candidate, languages: details.get(candidate.referralUserId)?.languages ?? 'gone' };
}
