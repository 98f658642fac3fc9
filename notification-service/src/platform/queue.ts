import Bull from 'bull';
import type { z } from 'zod';
import { monotonicNowMs } from './clock.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { closeRedis, openQueueConnection, type Redis } from './redis.ts';
import { runWithContext } from './request-context.ts';
import type { Shutdown } from './shutdown.ts';

/** Where queues live. Bull cannot use ioredis' key prefix, so it has its own: keys are `<prefix>:bull:<name>:…`. */
export interface QueuePlace {
  redisUrl: string;
  prefix: string;
}

export interface QueueSpec<T> extends QueuePlace {
  /** Without `:`. */
  name: string;
  /** The same for all queues of a sort, so that metrics stay few; the name by default. */
  sort?: string;
  /** What a job must hold; one that does not fit is dropped and logged. */
  schema: z.ZodType<T>;
  /** Does the work. A rejection is logged and the job is gone: jobs only remind, nothing is tried again by Bull. */
  handle?: (data: T, job: { id: string }) => Promise<unknown>;
  concurrency?: number;
  /** At most `max` jobs begin per `durationMs`, over all processes of this queue. */
  limiter?: { max: number; durationMs: number };
  /** Ended jobs that stay readable; none by default. A kept job swallows another one with its id. */
  keepEnded?: number;
  logger: Logger;
  metrics?: Metrics;
  shutdown?: Shutdown;
  /** How long `close` waits for running jobs (default 15 s). */
  closeTimeoutMs?: number;
  /** How soon a dead worker's job is cleared away: its lock (default 90 s), and how often that is looked at (30 s). */
  stalled?: { lockMs: number; checkMs: number };
}

export interface JobQueue<T> {
  readonly name: string;
  /** Adds a job unless one with this id waits or runs. The id has no `:`; `delayMs` is machine time. */
  add(data: T, options: { jobId: string; delayMs?: number }): Promise<void>;
  counts(): Promise<{ waiting: number; active: number; delayed: number; failed: number }>;
  /** Takes no new jobs; running ones go on. Resolves when they have ended or `timeoutMs` is over. */
  close(): Promise<void>;
  /** Deletes the queue with all its jobs, also those that run. */
  obliterate(): Promise<void>;
}

const LOCK_MS = 90_000;
const CLOSE_TIMEOUT_MS = 15_000;

/** The one way to make a queue. Begins to work at once when there is a `handle`. */
export function createQueue<T>(spec: QueueSpec<T>): JobQueue<T> {
  const connections: Redis[] = [];
  const bull = openBull(spec, connections);
  const logger = spec.logger.child({ queue: spec.name });
  let closing: Promise<void> | null = null;
  reportProblems(bull, logger, () => closing !== null);
  if (spec.handle) startWork(bull, spec, logger, () => closing !== null);

  const close = () => (closing ??= closeBull(bull, connections, spec.closeTimeoutMs ?? CLOSE_TIMEOUT_MS));
  const { shutdown } = spec;
  shutdown?.defer(`queue ${spec.name}`, close, {
    timeoutMs: (spec.closeTimeoutMs ?? CLOSE_TIMEOUT_MS) + 5_000,
  });
  return {
    name: spec.name,
    async add(data, { jobId, delayMs = 0 }) {
      if (jobId.includes(':')) throw new Error('A job id has no colon.');
      await bull.add(data, { jobId, ...(delayMs > 0 ? { delay: Math.ceil(delayMs) } : {}) });
    },
    async counts() {
      const { waiting, active, delayed, failed } = await bull.getJobCounts();
      return { waiting, active, delayed, failed };
    },
    close,
    obliterate: () => bull.obliterate({ force: true }),
  };
}

/** Deletes a queue that nobody works on any more, by its name. Idempotent. */
export async function obliterateQueue(place: QueuePlace, name: string): Promise<void> {
  const connections: Redis[] = [];
  const bull = openBull({ ...place, name }, connections);
  bull.on('error', () => undefined);
  try {
    await bull.obliterate({ force: true });
  } finally {
    await closeBull(bull, connections, 1_000);
  }
}

function openBull(
  spec: QueuePlace & Pick<QueueSpec<unknown>, 'name' | 'limiter' | 'keepEnded' | 'stalled'>,
  connections: Redis[],
): Bull.Queue<unknown> {
  if (spec.name.includes(':')) throw new Error('The name of a queue has no colon.');
  const kept = spec.keepEnded === undefined ? true : spec.keepEnded;
  return new Bull<unknown>(spec.name, {
    prefix: `${spec.prefix}:bull`,
    createClient: () => {
      const connection = openQueueConnection(spec.redisUrl);
      connections.push(connection);
      return connection;
    },
    ...(spec.limiter ? { limiter: { max: spec.limiter.max, duration: spec.limiter.durationMs } } : {}),
    defaultJobOptions: { attempts: 1, removeOnComplete: kept, removeOnFail: kept },
    settings: {
      // With Bull's defaults a killed process has its job run again: MongoDB says what is due, not Bull.
      maxStalledCount: 0,
      lockDuration: spec.stalled?.lockMs ?? LOCK_MS,
      stalledInterval: spec.stalled?.checkMs ?? 30_000,
      // After a flush the running job cannot be marked as done; the worker must not idle for Bull's five seconds.
      retryProcessDelay: 250,
    },
  });
}

/** Bull reports one broken connection again and again; once in ten seconds is enough. */
function reportProblems(bull: Bull.Queue<unknown>, logger: Logger, isClosing: () => boolean): void {
  let quietUntilMs = 0;
  bull.on('error', error => {
    if (isClosing() || monotonicNowMs() < quietUntilMs) return;
    quietUntilMs = monotonicNowMs() + 10_000;
    logger.warn('The queue has a problem.', { error });
  });
}

function startWork<T>(
  bull: Bull.Queue<unknown>,
  spec: QueueSpec<T>,
  logger: Logger,
  isClosing: () => boolean,
): void {
  const sort = spec.sort ?? spec.name;
  const ended = spec.metrics?.counter('relance_jobs_total', 'Jobs that ended, by queue and outcome.');
  const took = spec.metrics?.histogram('relance_job_seconds', 'How long jobs took.');
  const { handle } = spec;
  if (!handle) return;
  // Bull names its connection and forgets the promise, which rejects in a queue that is closed at once. Ours has a name.
  Object.assign(bull, { setWorkerName: () => Promise.resolve() });

  const run = async (job: Bull.Job<unknown>): Promise<void> => {
    const startedMs = monotonicNowMs();
    const parsed = spec.schema.safeParse(job.data);
    if (!parsed.success) throw new Error('The job does not hold what it should.');
    await handle(parsed.data, { id: String(job.id) });
    took?.((monotonicNowMs() - startedMs) / 1000, { queue: sort });
    ended?.({ queue: sort, outcome: 'done' });
  };
  // The job is null when it stalled (its process died) and was removed with that.
  bull.on('failed', (job: Bull.Job<unknown> | null, error) => {
    ended?.({ queue: sort, outcome: job === null ? 'stalled' : 'failed' });
    if (job !== null && job.attemptsMade < (job.opts.attempts ?? 1)) return;
    logger.error('A job failed.', { jobId: job === null ? null : String(job.id), error });
  });
  bull
    .process(spec.concurrency ?? 1, job =>
      runWithContext({ queue: spec.name, jobId: String(job.id) }, () => run(job)),
    )
    .catch((error: unknown) => {
      if (!isClosing()) logger.error('The queue has stopped working.', { error });
    });
}

/**
 * Bull's own `close` waits for running jobs without a limit, for Redis too, and leaves connections that were handed to
 * it open. We bound it and end them.
 */
async function closeBull(
  bull: Bull.Queue<unknown>,
  connections: readonly Redis[],
  timeoutMs: number,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([bull.close().catch(() => undefined), late]);
  clearTimeout(timer);
  await Promise.all(connections.map(connection => closeRedis(connection)));
}
