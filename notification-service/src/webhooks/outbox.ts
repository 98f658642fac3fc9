import type { Clock } from '../platform/clock.ts';
import { wallNowMs } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { isDuplicateKey } from '../platform/mongo.ts';
import type { Collection } from '../platform/mongo.ts';
import { currentContext } from '../platform/request-context.ts';

/** One message to a webhook, kept until it was taken. */
export interface OutboxDoc {
  /** The event's own key: the same event is posted once. */
  _id: string;
  body: Record<string, unknown>;
  requestId: string;
  /** Calendar time. */
  createdAt: Date;
  deliveredAt: Date | null;
  tries: number;
  /** Machine time: retries of calls to other services are real. */
  nextTryAt: Date;
}

export interface OutboxDeps {
  collection: Collection<OutboxDoc>;
  /** Unset: nothing is kept or posted. */
  url: string | undefined;
  clock: Clock;
  logger: Logger;
}

export interface Outbox {
  /** Stores it, once per key, and posts it in the background. Rejects only when it could not be stored. */
  add(key: string, body: Record<string, unknown>): Promise<void>;
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
    async add(key, body) {
      if (url === undefined) return;
      const doc = newDoc(key, body, deps.clock);
      try {
        await collection.insertOne(doc);
      } catch (error) {
        if (isDuplicateKey(error)) return;
        throw error;
      }
      void post(doc, url, deps);
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

function newDoc(key: string, body: Record<string, unknown>, clock: Clock): OutboxDoc {
  const { requestId } = currentContext();
  return {
    _id: key,
    body: { id: key, ...body },
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
    logger.warn('A notification could not be delivered; it is tried again.', { key: doc._id, error });
  }
}
