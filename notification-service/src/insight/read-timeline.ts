import type { ReceiptDoc } from '../delivery/index.ts';
import type { InboundMessageDoc } from '../inbound/index.ts';
import type { EnrollmentDoc, PersonDoc } from '../enrollments/index.ts';
import { personKeys } from '../enrollments/index.ts';
import { AppError } from '../platform/errors.ts';
import type { Db } from '../platform/mongo.ts';
import { presentTarget } from './present-target.ts';
import type { Target } from './present-target.ts';
import { readCircumstances } from './read-circumstances.ts';
import type { CircumstanceDeps } from './read-circumstances.ts';
import { timelineOf } from './timeline.ts';
import type { Answer, TimelineEntry } from './timeline.ts';
import type { SentenceLanguage } from './why-sentence.ts';

/** Everything that happened and why, and what holds the next message. `memberId` null: any member's (admins). */
export async function readTimeline(
  id: string,
  memberId: string | null,
  language: SentenceLanguage,
  deps: CircumstanceDeps,
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
    answersOf(doc, db),
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

/** What was said in this chat while the sequence ran; what the member wrote by hand too. */
async function answersOf(doc: EnrollmentDoc, db: Db): Promise<Answer[]> {
  const found = await db
    .collection<InboundMessageDoc>('inbound_messages')
    .find({
      channelId: doc.channelId,
      at: { $gte: doc.enteredAt },
      $or: [
        { enrollmentId: doc._id },
        { phoneHash: doc.phoneHash, ...(doc.exitedAt ? { at: { $lte: doc.exitedAt } } : {}) },
      ],
    })
    .sort({ at: 1 })
    .limit(MOST_ANSWERS)
    .toArray();
  return found.map(({ at, kind, text }) => ({ at, text, byHand: kind === 'by_hand' }));
}

const MOST_ANSWERS = 200;
