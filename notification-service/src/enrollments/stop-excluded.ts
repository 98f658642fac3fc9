import type { DocStore } from '../platform/doc-store.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';
import type { ExitResult } from './exit-steps.ts';
import { stopTarget } from './stop-target.ts';

/** At most one of a member's running sequences has this user, and one this phone. */
const MOST = 2;

/** A member has excluded somebody: their own running sequence with this person ends as `manual`; nobody else's does. */
export async function stopExcluded(
  args: { memberId: string; userId: string | null; phoneHash: string | null; at: Date },
  { store }: { store: DocStore },
): Promise<ExitResult[]> {
  const { memberId, userId, phoneHash, at } = args;
  const who = [
    ...(userId === null ? [] : [{ referralUserId: userId }]),
    ...(phoneHash === null ? [] : [{ phoneHash }]),
  ];
  const running = await store.find<Pick<EnrollmentDoc, '_id'>>(
    'enrollments',
    { memberId, status: 'active', $or: who },
    { limit: MOST, projection: { _id: 1 } },
  );
  const ended: ExitResult[] = [];
  for (const { _id } of running) ended.push(await stopTarget({ enrollmentId: _id, memberId, at }, { store }));
  return ended;
}
