import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { monotonicNowMs } from './clock.ts';
import { startEmbeddedRedis } from './embedded-redis.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { createQueue, type JobQueue, obliterateQueue, type QueueSpec } from './queue.ts';
import { currentContext } from './request-context.ts';
import { createShutdown } from './shutdown.ts';

const lines: string[] = [];
const stream = new PassThrough();
stream.on('data', chunk => lines.push(String(chunk)));
const logger = createLogger({ level: 'debug', stream });
const schema = z.object({ channelId: z.string() });
type Job = z.infer<typeof schema>;

let stores: TestStores;
const open: JobQueue<Job>[] = [];
beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());
afterEach(async () => {
  await Promise.all(open.splice(0).map(queue => queue.close()));
});

let number = 0;
function make(spec: Partial<QueueSpec<Job>> = {}): JobQueue<Job> {
  const place = { redisUrl: stores.redisUrl, prefix: stores.keyPrefix };
  const queue = createQueue({ ...place, name: `q${++number}`, schema, logger, ...spec });
  open.push(queue);
  return queue;
}
const keysOf = (queue: JobQueue<Job>) => stores.redis.keys(`${stores.keyPrefix}:bull:${queue.name}:*`);

describe('a queue', () => {
  it('hands its jobs over a unix socket, under the prefix, with their context', async () => {
    const seen: unknown[] = [];
    const queue = make({
      handle: (data, job) => Promise.resolve(seen.push([data, job.id, currentContext()['jobId']])),
    });
    await queue.add({ channelId: 'c1' }, { jobId: 'c1-1' });
    await vi.waitUntil(() => seen.length === 1);
    expect(seen).toEqual([[{ channelId: 'c1' }, 'c1-1', 'c1-1']]);
    expect((await keysOf(queue)).length).toBeGreaterThan(0);
  });

  it('takes an id once while it waits or runs, and again when it is done', async () => {
    let runs = 0;
    let release: () => void = () => undefined;
    const held = new Promise<void>(resolve => (release = resolve));
    const queue = make({
      handle: async () => {
        runs++;
        await held;
      },
    });
    for (let i = 0; i < 3; i++) await queue.add({ channelId: 'c1' }, { jobId: 'same' });
    await vi.waitUntil(() => runs === 1);
    await queue.add({ channelId: 'c1' }, { jobId: 'same' });
    release();
    await vi.waitUntil(async () => (await queue.counts()).active === 0);
    expect(runs).toBe(1);
    await queue.add({ channelId: 'c1' }, { jobId: 'same' });
    await vi.waitUntil(() => runs === 2);
  });

  it('forgets a job that failed, logs it, counts it, and does not try again', async () => {
    const metrics = createMetrics();
    let runs = 0;
    const queue = make({
      ...{ sort: 'sender', metrics },
      handle: () => {
        runs++;
        return Promise.reject(new Error('no page'));
      },
    });
    await queue.add({ channelId: 'c1' }, { jobId: 'fails' });
    await vi.waitUntil(() => lines.some(line => line.includes('no page')));
    await queue.add({ channelId: 'c2' }, { jobId: 'fails' });
    await vi.waitUntil(() => runs === 2);
    await vi.waitUntil(async () => (await queue.counts()).active === 0);
    expect(await queue.counts()).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
    expect((await metrics.expose()).text).toMatch(/relance_jobs_total\{queue="sender",outcome="failed"\} 2/);
  });

  it('drops a job that does not hold what it should', async () => {
    let runs = 0;
    const sender = make({ name: 'shape' });
    await sender.add({ wrong: 1 } as unknown as Job, { jobId: 'bad' });
    const worker = make({ name: 'shape', handle: () => Promise.resolve(runs++) });
    await worker.add({ channelId: 'c' }, { jobId: 'good' });
    await vi.waitUntil(() => runs === 1);
    expect(lines.some(line => line.includes('does not hold what it should'))).toBe(true);
  });

  it('works on as many at once as it was told', async () => {
    let now = 0;
    let most = 0;
    let done = 0;
    const queue = make({
      concurrency: 4,
      handle: async () => {
        most = Math.max(most, ++now);
        await new Promise(resolve => setTimeout(resolve, 20));
        now--;
        done++;
      },
    });
    for (let i = 0; i < 12; i++) await queue.add({ channelId: 'c' }, { jobId: `j${i}` });
    await vi.waitUntil(() => done === 12);
    expect(most).toBe(4);
  });

  it('holds its limit', async () => {
    const at: number[] = [];
    const queue = make({
      ...{ concurrency: 10, limiter: { max: 2, durationMs: 200 } },
      handle: () => Promise.resolve(at.push(monotonicNowMs())),
    });
    for (let i = 0; i < 6; i++) await queue.add({ channelId: 'c' }, { jobId: `l${i}` });
    await vi.waitUntil(() => at.length === 6, { timeout: 10_000 });
    expect(at[5]! - at[0]!).toBeGreaterThan(350);
  });

  it('refuses ids and names with a colon', async () => {
    await expect(make().add({ channelId: 'c' }, { jobId: 'a:b' })).rejects.toThrow('colon');
    expect(() => make({ name: 'a:b' })).toThrow('colon');
  });
});

describe('losing Redis’ memory', () => {
  it('goes on with new jobs after FLUSHALL in the middle of one', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'relance-queue-'));
    const redis = await startEmbeddedRedis({ dir, logger });
    let runs = 0;
    let release: () => void = () => undefined;
    const queue = make({
      redisUrl: redis.url,
      handle: async () => {
        runs++;
        if (runs === 1) await new Promise<void>(resolve => (release = resolve));
      },
    });
    await queue.add({ channelId: 'c' }, { jobId: 'first' });
    await vi.waitUntil(() => runs === 1);
    const other = stores.redis.duplicate({ path: redis.url.replace('unix://', '') });
    await other.flushall();
    other.disconnect();
    release();
    await queue.add({ channelId: 'c' }, { jobId: 'second' });
    await vi.waitUntil(() => runs === 2, { timeout: 8_000 });
    await redis.stop();
    const startedMs = monotonicNowMs();
    await queue.close();
    expect(monotonicNowMs() - startedMs).toBeLessThan(17_000);
    await rm(dir, { recursive: true, force: true });
  }, 40_000);
});

describe('a worker that died in the middle of a job', () => {
  it('has that job cleared away, never run again, and its id is free', async () => {
    const stalled = { lockMs: 300, checkMs: 100 };
    const ran: string[] = [];
    const dead = make({
      ...{ name: 'shared', stalled, closeTimeoutMs: 1 },
      handle: (_, { id }) => {
        ran.push(`dead ${id}`);
        return new Promise(() => undefined);
      },
    });
    await dead.add({ channelId: 'c' }, { jobId: 'at-it' });
    await dead.add({ channelId: 'c' }, { jobId: 'waiting' });
    await vi.waitUntil(() => ran.length === 1);
    await dead.close(); // its lock is not renewed from here on, as after kill -9
    const metrics = createMetrics();
    const alive = make({
      ...{ name: 'shared', sort: 'shared', stalled, metrics },
      handle: (_, { id }) => Promise.resolve(ran.push(`alive ${id}`)),
    });
    await vi.waitUntil(async () => (await metrics.expose()).text.includes('outcome="stalled"'), {
      timeout: 5_000,
    });
    expect(ran).toEqual(['dead at-it', 'alive waiting']);
    expect(await alive.counts()).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
    await alive.add({ channelId: 'c' }, { jobId: 'at-it' });
    await vi.waitUntil(() => ran.length === 3);
    expect(ran[2]).toBe('alive at-it');
  });
});

describe('closing', () => {
  it('waits for the running job, takes no other, and is part of the shutdown', async () => {
    const shutdown = createShutdown(logger);
    const done: string[] = [];
    const queue = make({
      shutdown,
      handle: async (_, { id }) => {
        await new Promise(resolve => setTimeout(resolve, 150));
        done.push(id);
      },
    });
    await queue.add({ channelId: 'c' }, { jobId: 'one' });
    await queue.add({ channelId: 'c' }, { jobId: 'two' });
    await vi.waitUntil(async () => (await queue.counts()).active === 1);
    await shutdown.close();
    expect(done).toEqual(['one']);
  });

  it('does not wait for ever for a job that hangs', async () => {
    const queue = make({ closeTimeoutMs: 100, handle: () => new Promise(() => undefined) });
    await queue.add({ channelId: 'c' }, { jobId: 'hangs' });
    await vi.waitUntil(async () => (await queue.counts()).active === 1);
    const startedMs = monotonicNowMs();
    await queue.close();
    expect(monotonicNowMs() - startedMs).toBeLessThan(2_000);
  });

  it.each([true, false])('is quick right after opening (worker: %s)', async isWorker => {
    const queue = make(isWorker ? { handle: () => Promise.resolve() } : {});
    const startedMs = monotonicNowMs();
    await queue.close();
    expect(monotonicNowMs() - startedMs).toBeLessThan(2_000);
  });

  it('leaves no rejection behind that nobody listens to, whenever it comes during the opening', async () => {
    const forgotten: unknown[] = [];
    const note = (error: unknown): unknown => forgotten.push(error);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const closed = Array.from({ length: 60 }, async (_, afterMs) => {
      const queue = make({ handle: () => Promise.resolve() });
      await new Promise(resolve => setTimeout(resolve, afterMs));
      await queue.close();
    });
    await Promise.all(closed);
    await new Promise(resolve => setImmediate(resolve)); // told of after the microtasks
    expect(forgotten).toEqual([]);
  });
});

describe('obliterating', () => {
  it('deletes a dead worker’s queue with the job it was at, and the name can be used again', async () => {
    const dead = make({ name: 'dead', closeTimeoutMs: 10, handle: () => new Promise(() => undefined) });
    for (let i = 0; i < 5; i++) await dead.add({ channelId: 'c' }, { jobId: `d${i}` });
    await vi.waitUntil(async () => (await dead.counts()).active === 1);
    await dead.close();
    expect((await keysOf(dead)).length).toBeGreaterThan(0);
    const place = { redisUrl: stores.redisUrl, prefix: stores.keyPrefix };
    await obliterateQueue(place, 'dead');
    expect(await keysOf(dead)).toEqual([]);
    await obliterateQueue(place, 'dead');
    let runs = 0;
    const again = make({ name: 'dead', handle: () => Promise.resolve(runs++) });
    await again.add({ channelId: 'c' }, { jobId: 'd0' });
    await vi.waitUntil(() => runs === 1);
  });

  it('leaves nothing of one’s own queue', async () => {
    const queue = make({ handle: () => Promise.resolve() });
    await queue.add({ channelId: 'c' }, { jobId: 'x', delayMs: 60_000 });
    expect((await queue.counts()).delayed).toBe(1);
    await queue.obliterate();
    expect(await queue.counts()).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
  });
});
