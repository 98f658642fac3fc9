import { defineModel } from '../platform/mongo.ts';
import type { ReplyKind } from './classify-reply.ts';

/** What somebody we write to said, and what was made of it; stored before it is acted on, so that it counts once. */
export interface InboundMessageDoc {
  /** `<channelId>:<messageId>`: messages are reported at least once. */
  _id: string;
  channelId: string;
  memberId: string;
  messageId: string;
  /** `by_hand`: the member wrote to this person from the phone. */
  kind: ReplyKind | 'by_hand';
  phoneHash: string | null;
  /** The running sequence that it is about. */
  enrollmentId: string | null;
  /** An opt-out of somebody we know is confirmed; a stranger's is only remembered. */
  confirms: boolean;
  /** Kept for the retention period; null for what the member wrote, and for strangers. */
  text: string | null;
  /** Calendar time, as WhatsApp dates it. */
  at: Date;
  receivedAt: Date;
  /** Null until everything that follows from it is done. */
  handledAt: Date | null;
}

export const inboundMessageModel = defineModel<InboundMessageDoc>('inbound_messages', [
  { key: { channelId: 1, at: -1 } },
  { key: { phoneHash: 1, at: -1 } },
  { key: { receivedAt: 1 } },
  { key: { handledAt: 1, receivedAt: 1 }, name: 'open', partialFilterExpression: { handledAt: null } },
]);
