import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runBadInput } from '../../test/fakes/run-bad-input.ts';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { createLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { signToken } from './authenticate.ts';
import { type Route, route } from './route.ts';
import { instant, pageQuery } from './schemas.ts';
import { createHttp, type Http } from './server.ts';

const secret = 'a'.repeat(32);
const common = { tag: 'Test', summary: 'For the test.', replies: { 200: z.unknown() } };
const stored = z.object({
  name: z.string().max(50),
  at: instant.optional(),
  texts: z.record(z.string(), z.string().max(500)).optional(),
  media: z
    .array(z.object({ url: z.url(), type: z.enum(['image', 'video']) }))
    .max(3)
    .optional(),
  limit: z.number().int().min(1).max(100).optional(),
});
/** Routes that really read and write what they are given. */
const routesOn = (stores: TestStores): Route[] => {
  const things = stores.db.collection<{ _id: string }>('things');
  return [
    route({
      ...common,
      method: 'get',
      path: '/things',
      access: 'member',
      query: pageQuery(),
      handle: c => Promise.resolve({ data: c.query }),
    }),
    route({
      ...{ ...common, method: 'post', path: '/things/{id}', access: 'member', body: stored },
      handle: async c => {
        const { id } = c.params as { id: string };
        await things.updateOne({ _id: id }, { $set: { thing: c.body } }, { upsert: true });
        return { data: await things.findOne({ _id: id }) };
      },
    }),
    route({
      ...common,
      method: 'delete',
      path: '/things/{id}',
      access: 'admin',
      handle: () => Promise.resolve({ message: 'Gone.' }),
    }),
    route({
      ...common,
      method: 'post',
      path: '/bulk',
      access: 'service',
      body: z.object({ rows: z.array(stored) }),
      handle: c => Promise.resolve({ data: c.body.rows.length }),
    }),
  ];
};

let stores: TestStores;
let http: Http;
let url = '';
beforeAll(async () => {
  stores = await openTestStores();
  http = createHttp({
    ...{
      routes: routesOn(stores),
      redis: stores.redis,
      metrics: createMetrics(),
      ready: () => Promise.resolve({}),
    },
    logger: createLogger({ level: 'error', stream: new PassThrough().resume() }),
    config: {
      ...{ JWT_SECRET: [secret], JWT_PUBLIC_KEY: undefined, SERVICE_SECRET: [secret], METRICS_TOKEN: secret },
      ...{ CORS_ORIGINS: [], TRUST_PROXY: 0, PUBLIC_URL: undefined, REDIS_PREFIX: stores.keyPrefix },
      ...{ RATE_LIMIT_READS: 1e6, RATE_LIMIT_WRITES: 1e6 },
    },
  });
  ({ url } = await http.listen(0, '127.0.0.1'));
});
afterAll(async () => {
  await http.close(0);
  await stores.close();
});

const tokenFor = (made: Route): string | null => {
  if (made.access === 'public') return null;
  if (made.access === 'service' || made.access === 'metrics') return `Bearer ${secret}`;
  return `Bearer ${signToken({ userId: 'u1', email: 'a@b.c', role: made.access === 'admin' ? 'admin' : 'user' }, secret)}`;
};

describe('bad input', () => {
  it('is answered with a sentence by what all routes share, and some of it is good', async () => {
    const run = await runBadInput({
      ...{ url, routes: http.routes, count: 800, seed: 42 },
      authorizationFor: tokenFor,
    });
    expect(run.complaints).toEqual([]);
    const good = (run.statuses[200] ?? 0) / run.sent;
    expect([good > 0.1, good < 0.9]).toEqual([true, true]);
  }, 60_000);
});
