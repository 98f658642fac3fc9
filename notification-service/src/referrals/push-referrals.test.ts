import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { openTestStores } from '../../test/test-stores.ts';
import type { TestStores } from '../../test/test-stores.ts';
import { pushedReferrals } from './pushed-referrals.ts';
import { pushReferrals } from './push-referrals.ts';
import type { ReferralDoc } from './referral-model.ts';

let stores: TestStores;
const clock = manualClock('2026-05-04T10:00:00Z');
beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());
beforeEach(async () => {
  await stores.db.collection('referrals').deleteMany({});
});

const push = (...rows: unknown[]) => pushReferrals(rows, { db: stores.db, clock });
const row = (id: string, more: object = {}) => ({
  _id: id,
  referrerUserId: 'm',
  phoneNumber: '33612000001',
  ...more,
});
const unpaid = async (since = new Date(0)) => {
  const answer = await pushedReferrals(stores.db).unpaidReferrals('m', since);
  const found: string[] = [];
  if (answer.complete) for await (const batch of answer.batches) found.push(...batch.map(r => r.id));
  return found;
};

it('adds, updates, and names what it cannot use', async () => {
  expect(await push(row('a'), row('b'))).toEqual({ added: 2, updated: 0, invalid: [] });
  expect(
    await push(
      ...[row('b', { name: 'Bea' }), row('c'), 'nonsense', { _id: 'd' }, { referrerUserId: 'm' }],
      ...[row('m'), row('e', { createdAt: 'soon' })],
    ),
  ).toEqual({
    added: 1,
    updated: 1,
    invalid: [
      { index: 2, _id: null, message: 'A referral is an object.' },
      { index: 3, _id: 'd', message: 'referrerUserId is not a valid user id.' },
      { index: 4, _id: null, message: '_id is not a valid user id.' },
      { index: 5, _id: 'm', message: 'Nobody refers themselves.' },
      { index: 6, _id: 'e', message: 'createdAt is not a date.' },
    ],
  });
});

it('told twice in one call, the last counts; two calls at once are harmless', async () => {
  expect(await push(row('a', { name: 'Old' }), row('a', { name: 'New' }))).toMatchObject({ added: 1 });
  const both = await Promise.all([push(row('x'), row('y')), push(row('x'), row('y'))]);
  expect(both.reduce((sum, r) => sum + r.added, 0)).toBe(2);
  expect(await stores.db.collection<ReferralDoc>('referrals').findOne({ _id: 'a' })).toMatchObject({
    name: 'New',
  });
});

it('a referral without a date is as old as its first push', async () => {
  await push(row('a'));
  clock.advance(60_000);
  await push(row('a', { name: 'Ann' }));
  expect(await stores.db.collection<ReferralDoc>('referrals').findOne({ _id: 'a' })).toMatchObject({
    name: 'Ann',
    createdAt: new Date('2026-05-04T10:00:00Z'),
  });
});

it('referrer and date stay as they were first told', async () => {
  await push(row('a', { createdAt: '2026-04-01T00:00:00Z' }));
  expect(await push(row('b'), row('a', { referrerUserId: 'other' }))).toEqual({
    added: 1,
    updated: 0,
    invalid: [{ index: 1, _id: 'a', message: 'This person was referred by another member before.' }],
  });
  await push(row('a', { createdAt: '2020-01-01T00:00:00Z' }));
  expect(await unpaid(new Date('2026-04-01T00:00:00Z'))).toEqual(['a', 'b']);
});

it('as a source: unpaid ones from a date on, oldest first, in batches', async () => {
  const day = (n: number) => ({ createdAt: `2026-04-${String(n).padStart(2, '0')}T00:00:00Z` });
  await push(
    row('c', day(3)),
    row('a', day(1)),
    row('b', day(2)),
    row('paid', { ...day(4), activeSubscriptionTypes: ['X'] }),
  );
  expect(await unpaid()).toEqual(['a', 'b', 'c']);
  expect(await unpaid(new Date('2026-04-02T00:00:00Z'))).toEqual(['b', 'c']);
  const many = Array.from({ length: 1_200 }, (_, i) => row(`n${i}`));
  expect(await push(...many)).toMatchObject({ added: 1_200 });
  expect(await unpaid()).toHaveLength(1_203);
});

it('takes 5,000 in one call', async () => {
  const many = Array.from({ length: 5_000 }, (_, i) => row(`n${i}`));
  expect(await push(...many)).toEqual({ added: 5_000, updated: 0, invalid: [] });
});
