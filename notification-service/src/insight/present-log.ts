import type { DeliveryDoc } from './delivery-model.ts';
import { rowSentence } from './row-sentence.ts';
import type { SentenceLanguage } from './why-sentence.ts';

/** A line of the log as the admin pages show it. Pure. */
export const presentLog = (doc: DeliveryDoc, language: SentenceLanguage) => ({
  _id: doc._id,
  targetId: doc.enrollmentId,
  referralUserId: doc.referralUserId,
  referrerUserId: doc.memberId,
  dayNumber: doc.day,
  messageText: doc.text ?? '',
  success: doc.outcome === 'sent',
  ...(doc.outcome === 'sent' ? {} : { errorMessage: rowSentence(doc, language) }),
  sentAt: doc.at,
  part: doc.part,
  outcome: doc.outcome,
  deliveredAt: doc.deliveredAt ?? null,
  readAt: doc.readAt ?? null,
});
