import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFakeUserService } from '../../test/fakes/user-service.ts';
import type { FakeUserService } from '../../test/fakes/user-service.ts';
import { createLogger } from '../platform/logger.ts';
import type { Referral, ReferralsAnswer, ReferralSource } from './referral-source.ts';
import { userService } from './user-service.ts';

const logger = createLogger({ level: 'error' });
const SINCE = new Date('2025-01-01T00:00:00Z');
let fake: FakeUserService;
let source: ReferralSource;

const clientOf = (options: { timeoutMs?: number; failures?: number } = {}) =>
  userService({
    url: fake.url,
    secret: fake.secret,
    logger,
    firstDelayMs: 1,
    timeoutMs: options.timeoutMs ?? 5_000,
    breaker: { failures: options.failures ?? 100, restMs: 60_000 },
  });

async function all(answer: ReferralsAnswer): Promise<Referral[]> {
  if (!answer.complete) throw new Error(`Not complete: ${answer.reason}`);
  const found: Referral[] = [];
  for await (const batch of answer.batches) found.push(...batch);
  return found;
}

beforeEach(async () => {
  fake = await startFakeUserService();
  source = clientOf();
});
afterEach(() => fake.close());

describe('the user service as a source', () => {
  it('asks with the secret, the service name and since, and reads what comes', async () => {
    fake.add(
      { _id: 'a', referrerUserId: 'm', createdAt: '2026-02-03T04:05:06.000Z' },
      { _id: 'b', referrerUserId: 'other' },
    );
    const found = await all(await source.unpaidReferrals('m', SINCE));
    expect(found).toEqual([
      {
        id: 'a',
        memberId: 'm',
        name: 'Person 0',
        email: 'person-0@example.org',
        phoneNumber: '33612000000',
        country: 'FR',
        gender: 'male',
        profession: 'teacher',
        age: 30,
        languages: null,
        activeSubscriptionTypes: [],
        createdAt: new Date('2026-02-03T04:05:06.000Z'),
      },
    ]);
    expect(fake.requests[0]).toMatchObject({
      method: 'GET',
      url: '/users/internal/m/unpaid-referrals?since=2025-01-01T00%3A00%3A00.000Z',
      headers: { authorization: `Bearer ${fake.secret}`, 'x-service-name': 'notification-service' },
    });
  });

  it('reads 20,000 people without holding up the process', async () => {
    fake.add(...Array.from({ length: 20_000 }, (_, i) => ({ _id: `u${i}`, referrerUserId: 'm' })));
    let worstMs = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      worstMs = Math.max(worstMs, performance.now() - last);
      last = performance.now();
    }, 5);
    const answer = await source.unpaidReferrals('m', SINCE);
    clearInterval(beat);
    const sizes: number[] = [];
    if (answer.complete) for await (const batch of answer.batches) sizes.push(batch.length);
    expect(sizes).toEqual(Array.from({ length: 40 }, () => 500));
    // The fake makes its answer in this same process; a whole JSON.parse of it would be seen on top of that.
    expect(worstMs).toBeLessThan(1_000);
  });

  it('a person with odd fields is still that person; one without an id is counted', async () => {
    fake.trouble({
      call: 'unpaid-referrals',
      kind: 'says',
      body: {
        success: true,
        data: [
          { _id: 'a', phoneNumber: 33612000000, age: 'old', name: ' ', createdAt: 'soon' },
          { _id: '../x' },
        ],
      },
    });
    const answer = await source.unpaidReferrals('m', SINCE);
    expect(answer).toMatchObject({ complete: true, unreadable: 1 });
    expect(await all(answer)).toMatchObject([
      { id: 'a', phoneNumber: '33612000000', age: null, name: null, createdAt: null },
    ]);
  });

  it.each([
    ['cut off', { kind: 'cut', bytes: 300 }],
    ['truncated without a trace', { kind: 'truncated', bytes: 300 }],
    ['a failure', { kind: 'status', status: 500 }],
    ['a refusal', { kind: 'status', status: 404 }],
    ['no success', { kind: 'says', body: { success: false, data: [] } }],
    ['another form', { kind: 'says', body: { success: true, data: { people: [] } } }],
  ] as const)('an answer that is %s proves nothing', async (_what, trouble) => {
    fake.add({ _id: 'a', referrerUserId: 'm' }, { _id: 'b', referrerUserId: 'm' });
    for (const call of ['unpaid-referrals', 'has-relance-subscription', 'batch-details'] as const) {
      fake.trouble({
        call,
        ...trouble,
        ...(trouble.kind === 'cut' || trouble.kind === 'truncated' ? { bytes: 20 } : {}),
      });
    }
    expect(await source.unpaidReferrals('m', SINCE)).toMatchObject({ complete: false });
    expect(await source.hasSubscription('m')).toBe('unknown');
    expect(await source.details(['a'])).toMatchObject({ known: false });
  });

  it('gives up on an answer that does not come', async () => {
    fake.trouble({ call: 'unpaid-referrals', kind: 'hangs' });
    const answer = await clientOf({ timeoutMs: 50 }).unpaidReferrals('m', SINCE);
    expect(answer).toEqual({ complete: false, reason: 'timeout' });
  });

  it('asks again after a failure that may pass, and not after a refusal', async () => {
    fake.add({ _id: 'a', referrerUserId: 'm' });
    fake.trouble({ call: 'unpaid-referrals', kind: 'status', status: 503, times: 2 });
    expect(await all(await source.unpaidReferrals('m', SINCE))).toHaveLength(1);
    expect(fake.requests).toHaveLength(3);
    fake.trouble({ call: 'unpaid-referrals', kind: 'status', status: 403, times: 1 });
    expect(await source.unpaidReferrals('m', SINCE)).toEqual({ complete: false, reason: 'status 403' });
    expect(fake.requests).toHaveLength(4);
  });

  it('after failures in a row does not ask at all for a while', async () => {
    source = clientOf({ failures: 3 });
    fake.trouble({ call: 'unpaid-referrals', kind: 'status', status: 500 });
    await source.unpaidReferrals('m', SINCE);
    const asked = fake.requests.length;
    expect(await source.unpaidReferrals('m', SINCE)).toEqual({ complete: false, reason: 'unavailable' });
    expect(fake.requests).toHaveLength(asked);
  });

  it('says yes, no and who is not known any more', async () => {
    fake.subscribe('poor', false);
    expect(await source.hasSubscription('m')).toBe('yes');
    expect(await source.hasSubscription('poor')).toBe('no');
    fake.add({ _id: 'a', referrerUserId: 'm', language: ['pt', 'en'] });
    const details = await source.details(['a', 'gone']);
    expect(details.known && [...details.byId]).toEqual([
      [
        'a',
        {
          id: 'a',
          name: 'Person 0',
          email: 'person-0@example.org',
          phoneNumber: '33612000000',
          languages: ['pt', 'en'],
        },
      ],
    ]);
  });

  it('a person who cannot be read is not a person who is gone', async () => {
    fake.trouble({ call: 'batch-details', kind: 'says', body: { success: true, data: [{ id: 'a' }] } });
    expect(await source.details(['a'])).toMatchObject({ known: false });
  });
});
