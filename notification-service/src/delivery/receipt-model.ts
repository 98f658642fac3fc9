import { defineModel } from '../platform/mongo.ts';

/** What WhatsApp said of one message of one channel. It may come before the row that it belongs to. */
export interface ReceiptDoc {
  /** `<channelId>:<messageId>`. */
  _id: string;
  channelId: string;
  messageId: string;
  /** Only goes up. */
  ack: number;
  refusedAt?: Date;
  sentAt?: Date;
  deliveredAt?: Date;
  readAt?: Date;
  playedAt?: Date;
  /** The database's clock at the last report: the follower of deliveries runs over it. */
  changedAt?: Date;
}

export const receiptModel = defineModel<ReceiptDoc>('receipts', [
  { key: { channelId: 1, sentAt: -1 } },
  { key: { changedAt: 1 }, name: 'follower' },
]);
