import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { startEmbeddedRedis } from './embedded-redis.ts';
import { createEvents, type Events, type MemberEvent } from './events.ts';
import { createLogger } from './logger.ts';
import { closeRedis, openRedis } from './redis.ts';

const logger = createLogger({ level: 'error', stream: new PassThrough().resume() });
let stores: TestStores;
const open: Events[] = [];
beforeAll(async () => {
  stores = await openTestStores();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(events => events.close()));
});
afterAll(() => stores.close());

/** As another process would have it. */
function make(redis = stores.redis): Events {
  const events = createEvents({ redis, prefix: stores.keyPrefix, logger });
  open.push(events);
  return events;
}
const state = (value: unknown) => ({ type: 'state', data: value });
const dataOf = (events: MemberEvent[]) => events.map(event => event.data);

describe('what happens to a member', () => {
  it('reaches the member’s listeners in other processes, and nobody else’s', async () => {
    const [here, there] = [make(), make()];
    const mine: MemberEvent[] = [];
    const others: MemberEvent[] = [];
    await there.subscribe('m1', { onEvent: event => mine.push(event) });
    await there.subscribe('m2', { onEvent: event => others.push(event) });
    await here.publish('m1', state('active'), { keep: true });
    await here.publish('m1', { type: 'qr', data: 'secret' }, { keep: false });
    await vi.waitUntil(() => mine.length === 2);
    expect(mine[0]).toEqual({
      id: expect.stringMatching(/^\d+-\d+$/) as unknown,
      type: 'state',
      data: 'active',
    });
    expect(mine[1]).toEqual({ id: null, type: 'qr', data: 'secret' });
    expect(others).toEqual([]);
  });

  it('is replayed after an id, without what must not be kept, in order and once', async () => {
    const events = make();
    const first: MemberEvent[] = [];
    const stop = await events.subscribe('m3', { onEvent: event => first.push(event) });
    await events.publish('m3', state(1), { keep: true });
    await vi.waitUntil(() => first.length === 1);
    stop();
    await events.publish('m3', state(2), { keep: true });
    await events.publish('m3', { type: 'qr', data: 'never kept' }, { keep: false });
    await events.publish('m3', state(3), { keep: true });
    const seen: MemberEvent[] = [];
    const publishing = Promise.all([4, 5, 6].map(n => events.publish('m3', state(n), { keep: true })));
    await events.subscribe('m3', { afterId: first[0]!.id, onEvent: event => seen.push(event) });
    await publishing;
    await events.publish('m3', state(7), { keep: true });
    await vi.waitUntil(() => seen.length === 6);
    expect(dataOf(seen)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(
      JSON.stringify(await stores.redis.xrange(`${stores.keyPrefix}:events:m3`, '-', '+')),
    ).not.toContain('never kept');
  });

  it('begins with the present when no id, or no real one, is given', async () => {
    const events = make();
    await events.publish('m4', state('past'), { keep: true });
    for (const afterId of [undefined, null, '', 'x', '1-1; FLUSHALL', '99999999999999999999-1']) {
      const seen: MemberEvent[] = [];
      const stop = await events.subscribe('m4', {
        ...(afterId === undefined ? {} : { afterId }),
        onEvent: e => seen.push(e),
      });
      await events.publish('m4', state('now'), { keep: true });
      await vi.waitUntil(() => seen.length > 0);
      expect(dataOf(seen)).toEqual(['now']);
      stop();
    }
  });

  it('is kept shortly: a bounded stream that expires', async () => {
    const events = make();
    for (let n = 0; n < 450; n++) await events.publish('m5', state(n), { keep: true });
    const key = `${stores.keyPrefix}:events:m5`;
    expect(await stores.redis.xlen(key)).toBeLessThan(400);
    expect(await stores.redis.ttl(key)).toBeGreaterThan(86_000);
  });

  it('goes on after FLUSHALL', async () => {
    const events = make();
    const seen: MemberEvent[] = [];
    await events.subscribe('m6', { onEvent: event => seen.push(event) });
    await events.publish('m6', state(1), { keep: true });
    await stores.redis.unlink(`${stores.keyPrefix}:events:m6`); // what a flush does to us; others share this server
    await events.publish('m6', state(2), { keep: true });
    await vi.waitUntil(() => seen.length === 2);
    expect(dataOf(seen)).toEqual([1, 2]);
  });

  it('stops for one listener without stopping for another', async () => {
    const events = make();
    const seen: unknown[] = [];
    const stops = await Promise.all(
      [1, 2, 3].map(n => events.subscribe('m7', { onEvent: () => seen.push(n) })),
    );
    stops[0]?.();
    stops[0]?.();
    await events.publish('m7', state(1), { keep: true });
    await vi.waitUntil(() => seen.length === 2);
    expect([...seen].sort()).toEqual([2, 3]);
    stops.forEach(stop => stop());
    await vi.waitUntil(
      async () => (await stores.redis.pubsub('NUMSUB', `${stores.keyPrefix}:member:m7`))[1] === 0,
    );
  });
});

describe('when Redis goes away and comes back', () => {
  it('delivers what was kept meanwhile, once, and does not throw while it is away', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'relance-events-'));
    let server = await startEmbeddedRedis({ dir, logger });
    const redis = openRedis(server.url);
    const events = make(redis);
    const seen: MemberEvent[] = [];
    await events.subscribe('m', { onEvent: event => seen.push(event) });
    await events.publish('m', state(1), { keep: true });
    await vi.waitUntil(() => seen.length === 1);

    await server.stop();
    const meanwhile = events.publish('m', state(2), { keep: true });
    server = await startEmbeddedRedis({ dir, logger });
    await meanwhile;
    await vi.waitUntil(() => seen.length >= 2, { timeout: 10_000 });
    await events.publish('m', state(3), { keep: true });
    await vi.waitUntil(() => seen.length >= 3);
    expect(dataOf(seen)).toEqual([1, 2, 3]);

    await closeRedis(redis);
    await events.close();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }, 40_000);
});

describe('questions and answers', () => {
  it('waits for the answer with its progress, also when it comes at once', async () => {
    const [asking, answering] = [make(), make()];
    const progress: unknown[] = [];
    const answer = await asking.awaitAnswer('q1', 5_000, {
      onProgress: payload => progress.push(payload),
      ask: async () => {
        await answering.progress('q1', { qr: 'a' });
        await answering.answer('q1', { ok: true });
      },
    });
    expect(answer).toEqual({ kind: 'answer', payload: { ok: true } });
    expect(progress).toEqual([{ qr: 'a' }]);
  });

  it('gives up after the deadline', async () => {
    expect(await make().awaitAnswer('q2', 30)).toEqual({ kind: 'timeout' });
  });

  it('fails when asking fails', async () => {
    const ask = () => Promise.reject(new Error('not written'));
    await expect(make().awaitAnswer('q3', 5_000, { ask })).rejects.toThrow('not written');
  });
});

describe('waking', () => {
  it('wakes every process, the caller’s included, until stopped', async () => {
    const [here, there] = [make(), make()];
    const woken: unknown[] = [];
    const stop = await here.onWake('channel', payload => woken.push(['here', payload]));
    await there.onWake('channel', payload => woken.push(['there', payload]));
    await here.wake('channel', 'c1');
    await vi.waitUntil(() => woken.length === 2);
    expect([...woken].sort()).toEqual([
      ['here', 'c1'],
      ['there', 'c1'],
    ]);
    stop();
    await there.wake('channel', 'c2');
    await vi.waitUntil(() => woken.length === 3);
    expect(woken[2]).toEqual(['there', 'c2']);
  });

  it('survives a listener that throws', async () => {
    const events = make();
    const woken: unknown[] = [];
    await events.onWake('t', () => {
      throw new Error('listener');
    });
    await events.onWake('t', payload => woken.push(payload));
    await events.wake('t', 1);
    await vi.waitUntil(() => woken.length === 1);
  });
});
