import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { withSlotLock } from './slot-lock.ts';

let stores: TestStores;
beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());
const slot = (name: string) => `${stores.keyPrefix}:${name}`;

it('lets one of many at once through, and later ones neither', async () => {
  let runs = 0;
  const attempt = () => withSlotLock(stores.redis, slot('a'), 60_000, () => Promise.resolve(++runs));
  const outcomes = await Promise.all(Array.from({ length: 20 }, attempt));
  expect(outcomes.filter(outcome => outcome.ran)).toEqual([{ ran: true, value: 1 }]);
  expect(await attempt()).toEqual({ ran: false });
});

it('frees the slot when the work fails', async () => {
  await expect(
    withSlotLock(stores.redis, slot('b'), 60_000, () => Promise.reject(new Error('no'))),
  ).rejects.toThrow('no');
  expect(await withSlotLock(stores.redis, slot('b'), 60_000, () => Promise.resolve(1))).toEqual({
    ran: true,
    value: 1,
  });
});

it('runs when Redis is away', async () => {
  const away = stores.redis.duplicate({ lazyConnect: true, enableOfflineQueue: false });
  expect(await withSlotLock(away, slot('c'), 60_000, () => Promise.resolve(1))).toEqual({
    ran: true,
    value: 1,
  });
  away.disconnect();
});
