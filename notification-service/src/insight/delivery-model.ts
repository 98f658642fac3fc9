import type { Row } from '../enrollments/index.ts';
import { idOf } from '../platform/ids.ts';
import { defineModel } from '../platform/mongo.ts';

/**
 * The searchable log: one document for each enrollment, day and part that has a row. The rows inside the enrollments
 * are the truth; this is a copy that a follower keeps and that can be rebuilt at any time.
 */
export interface DeliveryDoc {
  /** Follows from enrollment, day and part. */
  _id: string;
  enrollmentId: string;
  day: number;
  part: number;
  memberId: string;
  campaignId: string;
  channelId: string;
  referralUserId: string;
  outcome: Row['outcome'];
  reason: string | null;
  at: Date;
  text: string | null;
  messageId: string | null;
  token: string | null;
  /** The receipt that belongs to it; null while WhatsApp has given no message id. */
  receiptId: string | null;
  /** How far it got, as receipts say: 0 nothing heard, 1 server, 2 delivered, 3 read, 4 played. Only goes up. */
  ack: number;
  deliveredAt?: Date;
  readAt?: Date;
}

export const deliveryIdOf = (enrollmentId: string, day: number, part: number): string =>
  idOf('delivery', enrollmentId, String(day), String(part));

/** From here on WhatsApp's server has taken it. */
export const SENT_ACK = 1;
/** From here on a message is on the person's phone. */
export const DELIVERED_ACK = 2;
export const READ_ACK = 3;

export const deliveryModel = defineModel<DeliveryDoc>('deliveries', [
  { key: { enrollmentId: 1, day: 1, part: 1 }, name: 'one_a_part', unique: true },
  { key: { receiptId: 1 }, name: 'receipt', partialFilterExpression: { receiptId: { $type: 'string' } } },
  { key: { memberId: 1, outcome: 1, at: -1 }, name: 'of_member' },
  { key: { memberId: 1, outcome: 1, ack: 1 }, name: 'acks_of_member' },
  { key: { campaignId: 1, outcome: 1, ack: 1 }, name: 'of_campaign' },
  { key: { outcome: 1, at: -1 }, name: 'by_outcome' },
  { key: { outcome: 1, ack: 1 }, name: 'acks' },
  { key: { at: -1, _id: -1 }, name: 'newest' },
  { key: { referralUserId: 1, at: -1 }, name: 'of_referral' },
]);
