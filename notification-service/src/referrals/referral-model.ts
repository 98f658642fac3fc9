import { defineModel } from '../platform/mongo.ts';
import type { Referral } from './referral-source.ts';

/** A referral that a platform has pushed. A person has one referrer: the last one told. */
export interface ReferralDoc extends Omit<Referral, 'id' | 'createdAt' | 'languages'> {
  /** The person's user id. */
  _id: string;
  languages: string[];
  createdAt: Date;
  updatedAt: Date;
}

export const referralModel = defineModel<ReferralDoc>('referrals', [{ key: { memberId: 1, createdAt: 1 } }]);
