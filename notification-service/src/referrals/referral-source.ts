/** Somebody who was referred, as the platform knows them. */
export interface Referral {
  /** Their user id on the platform. */
  id: string;
  /** The member who referred them. */
  memberId: string;
  name: string | null;
  email: string | null;
  /** As the platform has it, unchecked. */
  phoneNumber: string | null;
  /** ISO code. */
  country: string | null;
  gender: string | null;
  profession: string | null;
  age: number | null;
  /** Best first; null where this answer does not say. */
  languages: string[] | null;
  activeSubscriptionTypes: string[];
  /** Null where the answer gives no readable date. */
  createdAt: Date | null;
}

/** What is known about a user beyond being referred. */
export type PersonDetails = Pick<Referral, 'id' | 'name' | 'email' | 'phoneNumber'> & { languages: string[] };

/** Unknown is not no. */
export type YesNoUnknown = 'yes' | 'no' | 'unknown';

/** A partial, truncated or failed answer proves nothing, so that nothing of it is handed out. */
export type ReferralsAnswer =
  | { complete: false; reason: string }
  | {
      complete: true;
      /** Everybody who was asked for, in batches of up to 500. May be read once. */
      batches: AsyncIterable<Referral[]>;
      /** Entries without a readable id: while there are any, nobody's absence proves anything. */
      unreadable: number;
    };

export type DetailsAnswer =
  { known: false; reason: string } | { known: true; byId: Map<string, PersonDetails> };

/** Who was referred and has not paid. Never rejects because the platform does not answer: that is a value. */
export interface ReferralSource {
  hasSubscription(memberId: string): Promise<YesNoUnknown>;
  /** Everybody unpaid who was referred at `since` or later. */
  unpaidReferrals(memberId: string, since: Date): Promise<ReferralsAnswer>;
  /** Everybody this member has referred, paid and unpaid. */
  campaignReferrals(memberId: string): Promise<ReferralsAnswer>;
  /** Who is missing from `byId` is not known to the platform any more. */
  details(userIds: readonly string[]): Promise<DetailsAnswer>;
}

export const BATCH_SIZE = 500;
