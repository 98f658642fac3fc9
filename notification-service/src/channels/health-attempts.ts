import { newId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { defineModel } from '../platform/mongo.ts';
import type { Db } from '../platform/mongo.ts';
import type { SubjectRef } from './channel-model.ts';
import type { NotSentReason, SendOutcome } from './transport.ts';

/**
 * What WhatsApp made of one send. Append-only and only for the health score: the truth about a message is in its
 * subject's rows, so an attempt that died with its process is no loss.
 */
export interface SendOutcomeDoc {
  _id: string;
  channelId: string;
  phoneHash: string;
  subject: SubjectRef;
  day: number;
  part: number;
  /** Calendar time. */
  at: Date;
  firstContact: boolean;
  outcome: 'sent' | 'unknown' | Extract<NotSentReason, `refused${string}`>;
  messageId: string | null;
}

export const sendOutcomeModel = defineModel<SendOutcomeDoc>('send_outcomes', [
  { key: { channelId: 1, at: -1 } },
  {
    key: { channelId: 1, messageId: 1 },
    partialFilterExpression: { messageId: { $type: 'string' } },
  },
  { key: { at: 1 } },
]);

export interface Attempted {
  channelId: string;
  phoneHash: string;
  subject: SubjectRef;
  day: number;
  part: number;
  at: Date;
  firstContact: boolean;
  outcome: SendOutcome | { kind: 'not_called' };
}

export interface AttemptLog {
  /** Never throws and never waits; false when the attempt said nothing about the channel (it never reached the wire). */
  record(attempted: Attempted): boolean;
  /** Resolves when everything recorded so far is stored, or given up. */
  flush(): Promise<void>;
}

/** Off the hot path: many turns share one write. Machine milliseconds. */
const FLUSH_AFTER_MS = 500;

export function createAttemptLog({ db, logger }: { db: Db; logger: Logger }): AttemptLog {
  const collection = db.collection<SendOutcomeDoc>(sendOutcomeModel.name);
  let waiting: SendOutcomeDoc[] = [];
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    const docs = waiting;
    waiting = [];
    if (docs.length === 0) return;
    try {
      await collection.insertMany(docs, { ordered: false });
    } catch (error) {
      logger.warn('What became of some sends could not be noted; the health score will not know it.', {
        attempts: docs.length,
        error,
      });
    }
  }
  function flush(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = null;
    writing = writing.then(write);
    return writing;
  }
  return {
    record({ outcome, ...attempted }) {
      const name = nameOf(outcome);
      if (name === null) return false;
      const messageId = 'messageId' in outcome ? (outcome.messageId ?? null) : null;
      waiting.push({ _id: newId(), ...attempted, outcome: name, messageId });
      timer ??= setTimeout(() => void flush(), FLUSH_AFTER_MS);
      return true;
    },
    flush,
  };
}

function nameOf(outcome: Attempted['outcome']): SendOutcomeDoc['outcome'] | null {
  switch (outcome.kind) {
    case 'sent':
    case 'unknown':
      return outcome.kind;
    case 'not_called':
      return null;
    case 'not_sent':
      return outcome.reason === 'not_ready' || outcome.reason === 'not_on_whatsapp' ? null : outcome.reason;
  }
}

/** The longest period that the score looks back, and a day of slack. Calendar time. */
const KEPT_MS = 8 * 24 * 3_600_000;

/** For the daily retention tick. Resolves with how many. */
export async function forgetOldAttempts(db: Db, now: Date): Promise<number> {
  const before = new Date(now.getTime() - KEPT_MS);
  const { deletedCount } = await db.collection('send_outcomes').deleteMany({ at: { $lt: before } });
  return deletedCount;
}
