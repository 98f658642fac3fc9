import { AppError } from '../platform/errors.ts';
import type { DocStore } from '../platform/doc-store.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';
import type { ExitResult } from './exit-steps.ts';

export interface StopDeps {
  store: DocStore;
}

/**
 * Ends one sequence by hand, as `manual`; nothing is remembered about the person beyond it. Idempotent: `stopped` says
 * that nothing goes out after this, `in_flight` that a message was on its way, `already` that it had ended before.
 * With `memberId` only that member's targets exist. Throws `not_found`.
 */
export async function stopTarget(
  args: { enrollmentId: string; memberId: string | null; at: Date },
  { store }: StopDeps,
): Promise<ExitResult> {
  const whose = { _id: args.enrollmentId, ...(args.memberId === null ? {} : { memberId: args.memberId }) };
  const before = await store.findOneAndUpdate<EnrollmentDoc>(
    'enrollments',
    { ...whose, status: 'active' },
    {
      $set: { status: 'ended', exitReason: 'manual', exitedAt: args.at, 'step.tryAt': null },
      $inc: { 'step.version': 1 },
    },
    { returns: 'before' },
  );
  const doc = before ?? (await store.findOne<EnrollmentDoc>('enrollments', whose));
  if (doc === null) throw new AppError('not_found', 'Target not found');
  const outcome = before ? 'stopped' : 'already';
  return {
    outcome: doc.step.state === 'scheduled' ? outcome : 'in_flight',
    enrollments: before ? 1 : 0,
    ended: before ? [before] : [],
  };
}
