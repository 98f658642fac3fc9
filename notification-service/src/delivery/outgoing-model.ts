import type { Row, Step, Why } from '../enrollments/index.ts';
import { defineModel } from '../platform/mongo.ts';

/** One message on its own: a test send, the confirmation of an opt-out. It takes its turn like everything else. */
export interface OutgoingDoc {
  _id: string;
  kind: 'opt_out_confirmation' | 'test';
  channelId: string;
  memberId: string;
  phone: string;
  phoneHash: string;
  chat: { chatId: string; lid: string | null } | null;
  /** The parts, ready to send; media by file name in the media store. */
  parts: { text: string; mediaFilename: string | null }[];
  status: 'active' | 'ended';
  outcome: 'sent' | 'skipped' | null;
  step: Step;
  why: Why | null;
  rows: Record<string, Row>;
  createdAt: Date;
  /** After this it is no longer worth sending (a test nobody waits for). */
  expiresAt: Date | null;
}

export const outgoingModel = defineModel<OutgoingDoc>('outgoing', [
  {
    key: { channelId: 1, 'step.rank': 1, 'step.tryAt': 1 },
    name: 'pick',
    partialFilterExpression: { status: 'active', 'step.state': 'scheduled' },
  },
  {
    key: { 'step.tryAt': 1 },
    name: 'due',
    partialFilterExpression: { status: 'active', 'step.state': 'scheduled' },
  },
  {
    key: { channelId: 1, 'step.state': 1 },
    name: 'open',
    partialFilterExpression: { 'step.fence.token': { $exists: true } },
  },
  { key: { createdAt: 1 }, name: 'created' },
]);
