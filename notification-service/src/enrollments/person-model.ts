import { defineModel } from '../platform/mongo.ts';
import type { ExitReason } from './enrollment-model.ts';

/**
 * What must hold about somebody even when no enrollment exists yet or any more. One document by referral user id
 * (`u:<id>`) and one by the keyed hash of the phone (`p:<hash>`); a reader asks for both and takes the union.
 */
export interface PersonDoc {
  _id: string;
  paidAt?: Date | null;
  optedOutAt?: Date | null;
  unreachableAt?: Date | null;
  repliedAt?: Date | null;
  /** An admin or an import excluded this number or user in advance. */
  suppressedAt?: Date | null;
  /** The one message that somebody who opted out still gets was created. */
  confirmationAt?: Date | null;
  followedUp?: { campaignId: string; endedAt: Date | null; reason: ExitReason | null }[];
  updatedAt: Date;
}

export const personKeys = (referralUserId: string | null, phoneHash: string | null): string[] => [
  ...(referralUserId === null ? [] : [`u:${referralUserId}`]),
  ...(phoneHash === null ? [] : [`p:${phoneHash}`]),
];

export const personModel = defineModel<PersonDoc>('people', []);
