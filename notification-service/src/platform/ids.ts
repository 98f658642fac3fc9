import { createHash, randomBytes } from 'node:crypto';

/** Our ids have one form: 24 lower-case hex characters. */
export const ID_PATTERN = /^[0-9a-f]{24}$/;
/** The platform's user ids. */
export const USER_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

export const newId = (): string => randomBytes(12).toString('hex');

/** The id that belongs to these words, always the same: what makes creating something twice a duplicate key. */
export function idOf(...words: string[]): string {
  return createHash('sha256').update(words.join('\u0000')).digest('hex').slice(0, 24);
}

/** A member's one WhatsApp line. */
export const channelIdOf = (memberId: string): string => idOf('channel', memberId);
/** A member's default campaign. */
export const defaultCampaignIdOf = (memberId: string): string => idOf('default-campaign', memberId);
/** One referral's passage through one campaign. */
export const enrollmentIdOf = (campaignId: string, referralUserId: string): string =>
  idOf('enrollment', campaignId, referralUserId);
