import type { EnrollmentDoc } from '../enrollments/index.ts';
import type { Filter } from '../platform/mongo.ts';
import { presentTarget } from './present-target.ts';
import type { Target, TargetStatus } from './present-target.ts';
import { readCircumstances } from './read-circumstances.ts';
import type { CircumstanceDeps } from './read-circumstances.ts';
import type { SentenceLanguage } from './why-sentence.ts';

export interface TargetPage {
  targets: Target[];
  total: number;
  page: number;
  totalPages: number;
}

export interface TargetQuery {
  page: number;
  limit: number;
  status?: TargetStatus | undefined;
}

/** The newest first. `whose` is what the caller may see. */
export async function readTargets(
  whose: Filter<EnrollmentDoc>,
  { page, limit, status }: TargetQuery,
  language: SentenceLanguage,
  deps: CircumstanceDeps,
): Promise<TargetPage> {
  const filter = { ...whose, ...withStatus(status) };
  const enrollments = deps.db.collection<EnrollmentDoc>('enrollments');
  const [docs, total] = await Promise.all([
    enrollments
      .find(filter)
      .sort({ enteredAt: -1, _id: -1 })
      .skip((page - 1) * limit)
      .limit(limit)
      .toArray(),
    enrollments.countDocuments(filter),
  ]);
  const worldOf = await readCircumstances(docs, deps);
  return {
    targets: docs.map(doc => presentTarget(doc, worldOf(doc), language)),
    total,
    page,
    totalPages: Math.ceil(total / limit),
  };
}

/** The API's three statuses in our words. Without one, both of ours are named: the index begins with them. */
function withStatus(status: TargetStatus | undefined): Filter<EnrollmentDoc> {
  switch (status) {
    case 'active':
      return { status: 'active', held: null };
    case 'paused':
      return { status: 'active', held: { $ne: null } };
    case 'completed':
      return { status: 'ended' };
    case undefined:
      return { status: { $in: ['active', 'ended'] } };
  }
}

const MOST_RUNNING = 100;

/** A member's own running targets, held ones included, the newest first. */
export async function readRunningTargets(
  memberId: string,
  language: SentenceLanguage,
  deps: CircumstanceDeps,
): Promise<Target[]> {
  const docs = await deps.db
    .collection<EnrollmentDoc>('enrollments')
    .find({ memberId, status: 'active' })
    .sort({ enteredAt: -1 })
    .limit(MOST_RUNNING)
    .toArray();
  const worldOf = await readCircumstances(docs, deps);
  return docs.map(doc => presentTarget(doc, worldOf(doc), language));
}
