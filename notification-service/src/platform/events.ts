import { AppError } from './errors.ts';
import type { Logger } from './logger.ts';
import { createSubscriber } from './event-subscriber.ts';
import type { Redis } from './redis.ts';

/** Something that happened to one member. `id` is null for what is never kept (QR, pairing code). */
export interface MemberEvent {
  id: string | null;
  type: string;
  data: unknown;
}

export type Answer = { kind: 'answer'; payload: unknown } | { kind: 'timeout' };

/**
 * News between processes over Redis. They only tell: the truth is in MongoDB, so a lost event costs a moment and
 * nothing else. Sending never rejects (a failure is logged).
 */
export interface Events {
  /** `keep`: into the member's short stream, so that pages that were away get it; else told once to who listens now. */
  publish(
    memberId: string,
    event: { type: string; data: unknown },
    options: { keep: boolean },
  ): Promise<void>;
  /**
   * This member's events from now on; with `afterId`, first those kept since. What was kept while the connection to
   * Redis was away comes when it is back, in order, once. Rejects with `unavailable` when Redis does not answer.
   */
  subscribe(
    memberId: string,
    listener: { afterId?: string | null; onEvent: (event: MemberEvent) => void },
  ): Promise<() => void>;
  /** Deletes what is kept of this member's events. Rejects when Redis does not answer. */
  forget(memberId: string): Promise<void>;
  /** Answers a question: whoever waits in `awaitAnswer(id)`, in any process, gets `payload`. Nothing is kept. */
  answer(id: string, payload: unknown): Promise<void>;
  /** News on the way to the answer. */
  progress(id: string, payload: unknown): Promise<void>;
  /** Listens first, then calls `ask` (so that no answer is too early), then waits. Rejects when `ask` does. */
  awaitAnswer(
    id: string,
    deadlineMs: number,
    options?: { onProgress?: (payload: unknown) => void; ask?: () => Promise<unknown> },
  ): Promise<Answer>;
  /** Wakes whoever listens to `topic`, in every process, this one included. */
  wake(topic: string, payload?: unknown): Promise<void>;
  onWake(topic: string, listener: (payload: unknown) => void): Promise<() => void>;
  close(): Promise<void>;
}

const STREAM_LENGTH = 200;
const STREAM_SECONDS = 86_400;
const NOT_KEPT = '-';

/** Into the stream and out to the listeners in one step: the id that listeners see is the one the stream keeps. */
const PUBLISH_KEPT = `
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'e', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], id .. ' ' .. ARGV[1])
return id`;

export function createEvents(deps: { redis: Redis; prefix: string; logger?: Logger }): Events {
  const { redis, prefix, logger } = deps;
  const subscriber = createSubscriber(redis, error =>
    logger?.warn('The event connection has a problem.', { error }),
  );
  const streamOf = (memberId: string) => `${prefix}:events:${memberId}`;
  const channelOf = (kind: 'member' | 'answer' | 'wake', name: string) => `${prefix}:${kind}:${name}`;

  const tell = async (what: string, send: () => Promise<unknown>): Promise<void> => {
    try {
      await send();
    } catch (error) {
      logger?.warn('An event could not be told.', { what, error });
    }
  };
  const tellAnswer = (id: string, kind: 'answer' | 'progress', payload: unknown) =>
    tell(kind, () => redis.publish(channelOf('answer', id), JSON.stringify({ kind, payload })));

  return {
    publish: (memberId, event, { keep }) =>
      tell(event.type, () => {
        const text = JSON.stringify(event);
        const channel = channelOf('member', memberId);
        if (!keep) return redis.publish(channel, `${NOT_KEPT} ${text}`);
        return redis.eval(PUBLISH_KEPT, 1, streamOf(memberId), text, STREAM_LENGTH, STREAM_SECONDS, channel);
      }),

    async subscribe(memberId, { afterId, onEvent }) {
      const follower = createFollower(onEvent, async after => readStream(redis, streamOf(memberId), after));
      const stop = await subscriber
        .listen(channelOf('member', memberId), follower.take, follower.catchUp)
        .catch((cause: unknown) => {
          throw new AppError('unavailable', 'Live updates are not available right now.', {
            cause,
            retryAfterSeconds: 5,
          });
        });
      try {
        await follower.start(afterId ?? null, () => newestId(redis, streamOf(memberId)));
      } catch (cause) {
        stop();
        throw new AppError('unavailable', 'Live updates are not available right now.', {
          cause,
          retryAfterSeconds: 5,
        });
      }
      return stop;
    },

    async forget(memberId) {
      await redis.del(streamOf(memberId));
    },

    answer: (id, payload) => tellAnswer(id, 'answer', payload),
    progress: (id, payload) => tellAnswer(id, 'progress', payload),

    async awaitAnswer(id, deadlineMs, { onProgress, ask } = {}) {
      let resolve: (answer: Answer) => void = () => undefined;
      const answered = new Promise<Answer>(done => {
        resolve = done;
      });
      const timer = setTimeout(() => resolve({ kind: 'timeout' }), deadlineMs);
      const stop = await subscriber
        .listen(channelOf('answer', id), text => {
          const { kind, payload } = JSON.parse(text) as { kind: 'answer' | 'progress'; payload: unknown };
          if (kind === 'answer') resolve({ kind, payload });
          else onProgress?.(payload);
        })
        .catch((error: unknown) => {
          clearTimeout(timer);
          throw error;
        });
      try {
        await ask?.();
        return await answered;
      } finally {
        clearTimeout(timer);
        stop();
      }
    },

    wake: (topic, payload = null) =>
      tell('wake', () => redis.publish(channelOf('wake', topic), JSON.stringify(payload))),
    onWake: (topic, listener) =>
      subscriber.listen(channelOf('wake', topic), text => listener(JSON.parse(text))),
    close: () => subscriber.close(),
  };
}

interface Kept {
  id: string;
  text: string;
}

/** Puts kept and live events of one listener into one order, each once. */
function createFollower(onEvent: (event: MemberEvent) => void, read: (after: string) => Promise<Kept[]>) {
  let lastId: string | null = null; // null until the beginning is known
  let waiting: string[] | null = []; // live messages that came while the past is being read

  const deliver = (id: string | null, text: string) => {
    if (id !== null && lastId !== null && !isLater(id, lastId)) return;
    if (id !== null) lastId = id;
    const { type, data } = JSON.parse(text) as { type: string; data: unknown };
    onEvent({ id, type, data });
  };
  const take = (message: string) => {
    if (waiting) return void waiting.push(message);
    const space = message.indexOf(' ');
    const id = message.slice(0, space);
    deliver(id === NOT_KEPT ? null : id, message.slice(space + 1));
  };
  const release = () => {
    const held = waiting ?? [];
    waiting = null;
    held.forEach(take);
  };
  const catchUp = async () => {
    if (lastId === null) return;
    waiting ??= [];
    try {
      for (const { id, text } of await read(lastId)) deliver(id, text);
    } finally {
      release();
    }
  };
  return {
    take,
    catchUp,
    async start(afterId: string | null, newest: () => Promise<string>) {
      const known = afterId !== null && /^\d{1,15}-\d{1,10}$/.test(afterId);
      lastId = known ? afterId : await newest();
      if (known) await catchUp();
      else release();
    },
  };
}

const NEVER = '0-0';

async function newestId(redis: Redis, stream: string): Promise<string> {
  const [newest] = await redis.xrevrange(stream, '+', '-', 'COUNT', 1);
  return newest?.[0] ?? NEVER;
}

async function readStream(redis: Redis, stream: string, after: string): Promise<Kept[]> {
  const rows = await redis.xrange(stream, `(${after}`, '+');
  return rows.map(([id, fields]) => ({ id, text: fields[1] ?? '{}' }));
}

/** Stream ids are `milliseconds-sequence`. */
function isLater(id: string, than: string): boolean {
  const [ms = 0, seq = 0] = id.split('-').map(Number);
  const [thanMs = 0, thanSeq = 0] = than.split('-').map(Number);
  return ms > thanMs || (ms === thanMs && seq > thanSeq);
}
