import { PassThrough } from 'node:stream';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { createLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { closeRedis, openRedis, type Redis } from '../platform/redis.ts';
import { signToken } from './authenticate.ts';
import { route } from './route.ts';
import { createHttp } from './server.ts';

const secret = 'a'.repeat(32);
let stores: TestStores;
beforeAll(async () => {
  stores = await openTestStores();
  await stores.redis.ping(); // until it is connected, each process counts by itself
});
afterAll(() => stores.close());

let attempt = 'new';
const common = {
  tag: 'Test',
  summary: 'For the test.',
  replies: { 200: z.unknown() },
  handle: () => Promise.resolve({ data: 1 }),
};
const routes = [
  route({ ...common, method: 'get', path: '/read', access: 'member' }),
  route({ ...common, method: 'post', path: '/write', access: 'member' }),
  route({ ...common, method: 'post', path: '/internal', access: 'service' }),
  route({ ...common, method: 'get', path: '/open', access: 'public', limit: 'read' }),
  route({ ...common, method: 'get', path: '/free', access: 'public' }),
  route({
    ...{ ...common, method: 'post', path: '/connect', access: 'member', limit: 'connect' },
    countsToLimit: () => Promise.resolve(attempt === 'new'),
  }),
];

/** As one process of several; `redis` is shared unless another one is given. */
const make = (redis: Redis = stores.redis, prefix = stores.keyPrefix) =>
  createHttp({
    ...{ routes, redis, metrics: createMetrics(), ready: () => Promise.resolve({}) },
    logger: createLogger({ level: 'error', stream: new PassThrough().resume() }),
    config: {
      ...{
        JWT_SECRET: [secret],
        JWT_PUBLIC_KEY: undefined,
        SERVICE_SECRET: [secret],
        METRICS_TOKEN: undefined,
      },
      ...{ CORS_ORIGINS: [], TRUST_PROXY: 1, PUBLIC_URL: undefined, REDIS_PREFIX: prefix },
      ...{ RATE_LIMIT_READS: 5, RATE_LIMIT_WRITES: 12 },
    },
  }).app;

const as = (userId: string) => `Bearer ${signToken({ userId, email: 'a@b.c', role: 'user' }, secret)}`;
async function statuses(count: number, call: () => request.Test): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push((await call()).status);
  return found;
}

describe('rate limits', () => {
  it('count reads by member, over all processes, and say so in headers', async () => {
    const [one, two] = [make(), make()];
    let turn = 0;
    const read = () =>
      request(turn++ % 2 === 0 ? one : two)
        .get('/read')
        .set('Authorization', as('r1'));
    const first = await read();
    expect(first.headers).toMatchObject({
      ...{ 'ratelimit-limit': '5', 'ratelimit-remaining': '4', 'ratelimit-policy': '"read";q=5;w=60' },
      ratelimit: expect.stringMatching(/^"read";r=4;t=\d+$/) as unknown,
    });
    expect(await statuses(5, read)).toEqual([200, 200, 200, 200, 429]);
    const refused = await read();
    expect(refused.body).toMatchObject({
      success: false,
      code: 'rate_limited',
      message: expect.stringMatching(/^Too many requests\./) as unknown,
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await request(one).get('/read').set('Authorization', as('r2'))).status).toBe(200);
    expect((await request(one).post('/write').set('Authorization', as('r1'))).status).toBe(200);
  });

  it('do not mix members behind one address, and count an address only without a good token', async () => {
    const app = make();
    const nobody = (address: string) => request(app).get('/read').set('X-Forwarded-For', address);
    expect(await statuses(6, () => nobody('10.0.0.1'))).toEqual([401, 401, 401, 401, 401, 429]);
    expect((await nobody('10.0.0.2')).status).toBe(401);
    expect((await nobody('10.0.0.1').set('Authorization', as('r3'))).status).toBe(200);
    const forged = () => nobody('10.0.0.3').set('Authorization', 'Bearer forged');
    expect(await statuses(6, forged)).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it('leave services and open routes alone, unless told otherwise', async () => {
    const app = make();
    const service = () => request(app).post('/internal').set('Authorization', `Bearer ${secret}`);
    expect(new Set(await statuses(40, service))).toEqual(new Set([200]));
    expect(new Set(await statuses(40, () => request(app).get('/free')))).toEqual(new Set([200]));
    expect((await statuses(6, () => request(app).get('/open'))).at(-1)).toBe(429);
  });

  it('count connects by the hour, but not the repeats of an attempt', async () => {
    const app = make();
    const connect = () => request(app).post('/connect').set('Authorization', as('c1'));
    attempt = 'repeat';
    expect(new Set(await statuses(2, connect))).toEqual(new Set([200]));
    attempt = 'new';
    expect(new Set(await statuses(10, connect))).toEqual(new Set([200]));
    const refused = await connect(); // 13 writes: the twelve of this minute are used up too
    expect(refused.status).toBe(429);
    await stores.redis.unlink(`${stores.keyPrefix}:limit:write:user:c1`);
    const still = await connect();
    expect([still.status, still.headers['ratelimit-policy']]).toEqual([429, '"connect";q=10;w=3600']);
    attempt = 'repeat';
    expect((await connect()).status).toBe(200);
  });

  it('go on in memory while Redis is away', async () => {
    const away = openRedis('redis://127.0.0.1:1');
    const app = make(away, 'away');
    const startedMs = performance.now();
    expect(await statuses(6, () => request(app).get('/read').set('Authorization', as('m1')))).toEqual([
      200, 200, 200, 200, 200, 429,
    ]);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    await closeRedis(away);
  });
});
