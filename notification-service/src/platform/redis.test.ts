import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { monotonicNowMs } from './clock.ts';
import { closeRedis, openRedis, redisOptionsOf } from './redis.ts';

let stores: TestStores;
beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());

describe('a Redis URL', () => {
  it.each([
    ['unix:///run/redis.sock', { path: '/run/redis.sock', db: 0 }],
    ['unix:///tmp/a%20b/redis.sock?db=3', { path: '/tmp/a b/redis.sock', db: 3 }],
    ['redis://cache', { host: 'cache', port: 6379, db: 0 }],
    [
      'redis://user:p%40ss@cache:7000/2',
      { host: 'cache', port: 7000, db: 2, username: 'user', password: 'p@ss' },
    ],
    ['rediss://:secret@[::1]:7001', { host: '::1', port: 7001, db: 0, password: 'secret', tls: {} }],
  ])('%s', (url, expected) => {
    expect(redisOptionsOf(url)).toMatchObject(expected);
  });

  it('of another sort is refused', () => {
    expect(() => redisOptionsOf('http://cache')).toThrow('redis://');
  });
});

it('opens, prefixes keys and closes', async () => {
  const redis = openRedis(stores.redisUrl, { prefix: stores.keyPrefix });
  await redis.set('a', '1');
  expect(await stores.redis.get(`${stores.keyPrefix}:a`)).toBe('1');
  await closeRedis(redis);
  await closeRedis(redis);
  expect(redis.status).toBe('end');
});

it('does not wait for ever, nor for long at closing, when nobody is there', async () => {
  const redis = openRedis('redis://127.0.0.1:1');
  const startedMs = monotonicNowMs();
  await closeRedis(redis);
  expect(monotonicNowMs() - startedMs).toBeLessThan(2_000);
  await expect(redis.get('a')).rejects.toThrow();
});
