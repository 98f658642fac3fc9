import { defineModel } from '../platform/mongo.ts';
import type { NotEligible } from './eligibility.ts';

/** Somebody who was considered for a campaign and not enrolled, with the last reason why. Holds no phone. */
export interface PassedOverDoc {
  /** The id that the enrollment would have. */
  _id: string;
  memberId: string;
  campaignId: string;
  referralUserId: string;
  reason: NotEligible;
  /** When it was first not enrolled for this reason. */
  at: Date;
}

export const passedOverModel = defineModel<PassedOverDoc>('passed_over', [
  { key: { memberId: 1, at: -1 } },
  { key: { referralUserId: 1 } },
  { key: { campaignId: 1 } },
]);
