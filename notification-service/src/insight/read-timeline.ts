import type { ReceiptDoc } from '../delivery/index.ts';
import type { EnrollmentDoc, PersonDoc } from '../enrollments/index.ts';
import { personKeys } from '../enrollments/index.ts';
import { AppError } from '../platform/errors.ts';
import { presentTarget } from './present-target.ts';
import type { Target } from './present-target.ts';
import { readCircumstances } from './read-circumstances.ts';
import type { CircumstanceDeps } from './read-circumstances.ts';
import { timelineOf } from './timeline.ts';
import type { Answer, TimelineEntry } from './timeline.ts';
import type { SentenceLanguage } from './why-sentence.ts';

export interface TimelineDeps extends CircumstanceDeps {
  /** What this person wrote back during the sequence, the oldest first. */
  answersOf(enrollment: EnrollmentDoc): Promise<Answer[]>;
}

/** Everything that happened and why, and what holds the next message. `memberId` null: any member's (admins). */
export async function readTimeline(
  id: string,
  memberId: string | null,
  language: SentenceLanguage,
  deps: TimelineDeps,
): Promise<{ target: Target; entries: TimelineEntry[] }> {
  const { db } = deps;
  const doc = await db
    .collection<EnrollmentDoc>('enrollments')
    .findOne({ _id: id, ...(memberId === null ? {} : { memberId }) });
  // Somebody else's looks like one that does not exist.
  if (!doc) throw new AppError('not_found', 'Target not found');
  const [receipts, people, answers, worldOf] = await Promise.all([
    db
      .collection<ReceiptDoc>('receipts')
      .find({ _id: { $in: receiptIdsOf(doc) } })
      .toArray(),
    db
      .collection<PersonDoc>('people')
      .find({ _id: { $in: personKeys(doc.referralUserId, doc.phoneHash) } })
      .toArray(),
    deps.answersOf(doc),
    readCircumstances([doc], deps),
  ]);
  return {
    target: presentTarget(doc, worldOf(doc), language),
    entries: timelineOf({ doc, receipts, people, answers }, language),
  };
}

const receiptIdsOf = (doc: EnrollmentDoc): string[] =>
  Object.values(doc.rows).flatMap(({ messageId }) =>
    messageId === null ? [] : [`${doc.channelId}:${messageId}`],
  );
