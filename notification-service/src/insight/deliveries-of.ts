import type { ReceiptDoc } from '../delivery/index.ts';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import type { Document } from '../platform/mongo.ts';
import { deliveryIdOf } from './delivery-model.ts';
import type { DeliveryDoc } from './delivery-model.ts';

/** The log's documents of one enrollment, out of its rows. Pure. */
export const deliveriesOf = (doc: EnrollmentDoc): DeliveryDoc[] =>
  Object.values(doc.rows).map(row => ({
    _id: deliveryIdOf(doc._id, row.day, row.part),
    enrollmentId: doc._id,
    day: row.day,
    part: row.part,
    memberId: doc.memberId,
    campaignId: doc.campaignId,
    channelId: doc.channelId,
    referralUserId: doc.referralUserId,
    outcome: row.outcome,
    reason: row.reason,
    at: row.at,
    text: row.text,
    messageId: row.messageId,
    token: row.token,
    receiptId: row.messageId === null ? null : `${doc.channelId}:${row.messageId}`,
    ack: 0,
  }));

/** Whether the log says this already. Pure. */
export function isCopied(
  doc: DeliveryDoc,
  receipt: ReceiptDoc | null,
  standing: DeliveryDoc | undefined,
): boolean {
  if (!standing) return false;
  const rowIsSame =
    standing.outcome === doc.outcome &&
    standing.reason === doc.reason &&
    standing.text === doc.text &&
    standing.messageId === doc.messageId &&
    standing.channelId === doc.channelId &&
    standing.at.getTime() === doc.at.getTime();
  return rowIsSame && (receipt?.ack ?? 0) <= standing.ack;
}

/** The row's own fields are set; how far it got only goes up. */
export function rowUpdate({ _id, ack: _ack, ...row }: DeliveryDoc, receipt: ReceiptDoc | null): Document {
  const reached = ackUpdate(receipt);
  return { $set: row, ...reached };
}

export function ackUpdate(receipt: ReceiptDoc | null): Document {
  const { deliveredAt, readAt } = receipt ?? {};
  const first = { ...(deliveredAt ? { deliveredAt } : {}), ...(readAt ? { readAt } : {}) };
  return {
    $max: { ack: Math.max(0, receipt?.ack ?? 0) },
    ...(Object.keys(first).length > 0 ? { $min: first } : {}),
  };
}
