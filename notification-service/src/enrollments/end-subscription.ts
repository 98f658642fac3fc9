import type { EnrollmentDoc } from './enrollment-model.ts';
import { exitReferral } from './exit-referral.ts';
import type { Exit } from './exit-steps.ts';
import type { PaymentDeps } from './follow-payments.ts';

/** The member's own subscription has ended for good: so do all their running sequences. How many there were. */
export async function endSubscription(
  memberId: string,
  at: Date,
  deps: Pick<PaymentDeps, 'db' | 'store' | 'ended'>,
): Promise<number> {
  const running = deps.db
    .collection<EnrollmentDoc>('enrollments')
    .find({ memberId, status: 'active' })
    .project<Pick<EnrollmentDoc, 'referralUserId'>>({ referralUserId: 1 });
  let count = 0;
  for await (const { referralUserId } of running) {
    const exit: Exit = {
      ...{ referralUserId, phoneHash: null, at },
      reason: 'subscription_expired',
      remember: null,
      sparesSubscribers: false,
    };
    const result = await exitReferral(exit, deps);
    deps.ended(result, exit);
    count += result.enrollments;
  }
  return count;
}
