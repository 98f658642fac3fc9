import { wakeChannelUpdate } from '../channels/index.ts';
import { RANK } from '../enrollments/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { DocStore } from '../platform/doc-store.ts';
import type { OutgoingDoc } from './outgoing-model.ts';

export interface NewOutgoing {
  /** Deterministic where the message must exist once at most. */
  id: string;
  kind: OutgoingDoc['kind'];
  channelId: string;
  memberId: string;
  phone: string;
  phoneHash: string;
  parts: OutgoingDoc['parts'];
  expiresAfterMs?: number;
}

/** A message on its own: it takes its turn like everything else. False when it exists already. Insert first, then the alarm. */
export async function createOutgoing(
  message: NewOutgoing,
  deps: { store: DocStore; clock: Clock; wakeChannel(channelId: string): void },
): Promise<boolean> {
  const now = deps.clock.now();
  const created = await deps.store.insertOne('outgoing', outgoingDoc(message, now));
  await deps.store.updateOne('channels', { _id: message.channelId }, wakeChannelUpdate(now));
  deps.wakeChannel(message.channelId);
  return created;
}

const outgoingDoc = (message: NewOutgoing, now: Date): OutgoingDoc => ({
  _id: message.id,
  kind: message.kind,
  channelId: message.channelId,
  memberId: message.memberId,
  phone: message.phone,
  phoneHash: message.phoneHash,
  chat: null,
  parts: message.parts,
  status: 'active',
  outcome: null,
  step: {
    day: 0,
    part: 0,
    state: 'scheduled',
    dueAt: now,
    tryAt: now,
    rank: message.kind === 'opt_out_confirmation' ? RANK.confirmation : RANK.test,
    version: 1,
    attempts: 0,
    startedAt: null,
    resentOnce: false,
    fence: null,
  },
  why: null,
  rows: {},
  createdAt: now,
  expiresAt: message.expiresAfterMs === undefined ? null : new Date(now.getTime() + message.expiresAfterMs),
});
