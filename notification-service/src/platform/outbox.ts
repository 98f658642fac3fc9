import type { Clock } from './clock.ts';
import { wallNowMs } from './clock.ts';
import { newId } from './ids.ts';
import type { Logger } from './logger.ts';
import { isDuplicateKey } from './mongo.ts';
import type { Collection, Index } from './mongo.ts';
import { currentContext } from './request-context.ts';

export interface OutboxMessage {
  /** The event's own key: the same event is posted once. */
  _id: string;
  memberId: string;
  kind: string;
  /** As posted. */
  body: Record<string, unknown>;
}

/** One message to a webhook, kept until it was taken. */
export interface OutboxDoc extends OutboxMessage {
  requestId: string;
  /** Calendar time. */
  createdAt: Date;
  deliveredAt: Date | null;
  tries: number;
  /** Machine time: retries of calls to other services are real. */
  nextTryAt: Date;
}

export const OUTBOX_INDEXES: readonly Index[] = [
  { key: { nextTryAt: 1 }, name: 'due', partialFilterExpression: { deliveredAt: null } },
  { key: { memberId: 1, createdAt: -1 } },
];

export interface OutboxDeps {
  collection: Collection<OutboxDoc>;
  /** Unset: messages are only kept. */
  url: string | undefined;
  clock: Clock;
  logger: Logger;
}

export interface Outbox {
  /** Stores it, once per key, and posts it in the background. Rejects only when it could not be stored. */
  add(message: OutboxMessage): Promise<void>;
  /** Posts again what was not taken yet and is due. Harmless in several processes. */
  deliverDue(): Promise<void>;
}

const POST_TIMEOUT_MS = 10_000;
const MAX_TRIES = 24;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 3_600_000;
const AT_ONCE = 50;

/** Durable, at least once: the receiver can tell repetitions by `Idempotency-Key`. */
export function createOutbox(deps: OutboxDeps): Outbox {
  const { collection, url } = deps;
  return {
    async add(message) {
      const doc = newDoc(message, deps.clock);
      try {
        await collection.insertOne(doc);
      } catch (error) {
        if (isDuplicateKey(error)) return;
        throw error;
      }
      if (url !== undefined) void post(doc, url, deps);
    },
    async deliverDue() {
      if (url === undefined) return;
      const due = {
        deliveredAt: null,
        tries: { $lt: MAX_TRIES },
        nextTryAt: { $lte: new Date(wallNowMs()) },
      };
      for (const doc of await collection.find(due).limit(AT_ONCE).toArray()) await post(doc, url, deps);
    },
  };
}

function newDoc(message: OutboxMessage, clock: Clock): OutboxDoc {
  const { requestId } = currentContext();
  return {
    ...message,
    requestId: typeof requestId === 'string' ? requestId : newId(),
    createdAt: clock.now(),
    deliveredAt: null,
    tries: 0,
    nextTryAt: new Date(wallNowMs()),
  };
}

async function post(doc: OutboxDoc, url: string, { collection, clock, logger }: OutboxDeps): Promise<void> {
  try {
    // The next try is set first: of two processes one posts.
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** doc.tries);
    const mine = await collection.updateOne(
      { _id: doc._id, tries: doc.tries, deliveredAt: null },
      { $inc: { tries: 1 }, $set: { nextTryAt: new Date(wallNowMs() + POST_TIMEOUT_MS + waitMs) } },
    );
    if (mine.matchedCount === 0) return;
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'Content-Type': 'application/json',
        'X-Request-Id': doc.requestId,
        'Idempotency-Key': doc._id,
      },
      body: JSON.stringify(doc.body),
      signal: AbortSignal.timeout(POST_TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`The webhook answered ${response.status}.`);
    await collection.updateOne({ _id: doc._id }, { $set: { deliveredAt: clock.now() } });
  } catch (error) {
    logger.warn('A message to a webhook could not be delivered; it is tried again.', {
      key: doc._id,
      kind: doc.kind,
      error,
    });
  }
}
