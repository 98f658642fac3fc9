import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startFakeUserService } from '../../test/fakes/user-service.ts';
import type { FakeUserService } from '../../test/fakes/user-service.ts';
import { manualClock } from '../../test/manual-clock.ts';
import type { ManualClock } from '../../test/manual-clock.ts';
import { openTestStores } from '../../test/test-stores.ts';
import type { TestStores } from '../../test/test-stores.ts';
import { newChannel } from '../channels/index.ts';
import type { ChannelDoc } from '../channels/index.ts';
import { newMember } from '../members/index.ts';
import type { MemberDoc } from '../members/index.ts';
import { parseConfig } from '../platform/config.ts';
import { channelIdOf } from '../platform/ids.ts';
import { createLogger } from '../platform/logger.ts';
import type { Logger } from '../platform/logger.ts';
import { pushedReferrals, userService } from '../referrals/index.ts';
import type { ReferralDoc, ReferralSource } from '../referrals/index.ts';
import { createEnrollments } from './index.ts';
import type { EnrollmentDoc, Enrollments, PassedOverDoc, PersonDoc } from './index.ts';

const NOW = '2026-05-04T10:00:00Z';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const HOURS_OLD = '2026-05-04T07:00:00.000Z';
const logger = createLogger({ level: 'error' });

let stores: TestStores;
let fake: FakeUserService;
let clock: ManualClock;
let service: Enrollments;
let woken: string[];

beforeAll(async () => {
  stores = await openTestStores();
  await stores.buildIndexes();
});
afterAll(() => stores.close());
beforeEach(async () => {
  const { db } = stores;
  const collections = await db.listCollections().toArray();
  await Promise.all(collections.map(({ name }) => db.collection(name).deleteMany({})));
  fake = await startFakeUserService();
  clock = manualClock(NOW);
  woken = [];
  service = withSource(overHttp());
});
afterEach(() => fake.close());

const overHttp = (): ReferralSource =>
  userService({
    ...{ url: fake.url, secret: fake.secret, logger, firstDelayMs: 1, timeoutMs: 1_000 },
    breaker: { failures: 1_000, restMs: 1_000 },
  });

const withSource = (source: ReferralSource, log: Logger = logger): Enrollments =>
  createEnrollments({
    config: parseConfig({
      JWT_SECRET: 'j'.repeat(32),
      SERVICE_SECRET: 's'.repeat(32),
      WHATSAPP_SESSION_SECRET: 'w'.repeat(32),
      MONGODB_URI: stores.mongoUri,
      REDIS_URL: stores.redisUrl,
      REDIS_PREFIX: stores.keyPrefix,
    }),
    ...{ db: stores.db, redis: stores.redis, clock, logger: log, source },
    hashPhone: phone => `hash-${phone}`,
    wakeChannel: id => void woken.push(id),
    ended: () => undefined,
    recordAudit: () => Promise.resolve(),
  });

const enrollments = () => stores.db.collection<EnrollmentDoc>('enrollments');
const people = () => stores.db.collection<PersonDoc>('people');
const members = () => stores.db.collection<MemberDoc>('members');
const running = async (memberId = 'm') =>
  (await enrollments().find({ memberId, status: 'active' }).toArray()).map(doc => doc.referralUserId).sort();
const reasonOf = async (id: string) =>
  (await stores.db.collection<PassedOverDoc>('passed_over').findOne({ referralUserId: id }))?.reason;
const exitOf = async (id: string) => {
  const doc = await enrollments().findOne({ referralUserId: id });
  return doc?.status === 'ended' ? doc.exitReason : doc?.status;
};

async function connect(memberId = 'm', fields: Partial<MemberDoc> = {}) {
  const at = clock.now();
  await members().insertOne({ ...newMember({ _id: memberId, email: '', name: null, at }), ...fields });
  const channel = newChannel({ _id: channelIdOf(memberId), memberId, transport: 'simulator', at });
  await stores.db
    .collection<ChannelDoc>('channels')
    .insertOne({ ...channel, state: 'active', hasLogin: true, linkedAt: at });
}
const refer = (id: string, fields: Partial<Parameters<FakeUserService['add']>[0]> = {}) =>
  fake.add({ _id: id, referrerUserId: 'm', createdAt: HOURS_OLD, ...fields });

it('enrolls who is unpaid: day 1 now, in the window of their zone, and wakes the channel', async () => {
  await connect();
  refer('paris', { phoneNumber: '33612000001' });
  refer('york', { phoneNumber: '12025550104', country: 'US', language: ['en'] });
  expect(await service.enrollMember('m')).toMatchObject({ closed: null, enrolled: 2, reasons: {} });
  const docs = await enrollments().find().sort({ referralUserId: 1 }).toArray();
  expect(docs).toMatchObject([
    {
      ...{ memberId: 'm', channelId: channelIdOf('m'), language: 'fr', zone: 'Europe/Paris' },
      ...{ unpaidSeenAt: new Date(NOW), phoneHash: 'hash-33612000001', status: 'active' },
      step: { day: 1, part: 0, state: 'scheduled', rank: 2, dueAt: new Date(NOW) },
    },
    { language: 'en', zone: 'America/New_York', step: { dueAt: new Date('2026-05-04T12:00:00Z') } },
  ]);
  expect(woken).toEqual([channelIdOf('m')]);
  expect(await stores.db.collection<ChannelDoc>('channels').findOne({})).toMatchObject({
    nextActionAt: new Date(NOW),
  });
});

it('pitfall: overlapping runs: each person once', async () => {
  await connect();
  for (let i = 0; i < 60; i++) refer(`r${i}`);
  const reports = await Promise.all(Array.from({ length: 5 }, () => service.enrollDue()));
  expect(reports.reduce((sum, report) => sum + report.enrolled, 0)).toBe(60);
  expect(reports.every(({ failed }) => failed === 0)).toBe(true);
  expect(await enrollments().countDocuments()).toBe(60);
});

it('a second run over the same people writes nothing', async () => {
  await connect();
  for (let i = 0; i < 30; i++) refer(`r${i}`);
  refer('none', { phoneNumber: '' });
  await service.enrollMember('m');
  const before = await dump();
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 0, known: 30 });
  expect(await dump()).toEqual(before);
  // A minute later, only the cursor has moved on.
  clock.advance(60_000);
  await service.enrollMember('m');
  const [member, ...rest] = await dump();
  expect(rest).toEqual(before.slice(1));
  expect(member).toMatchObject([{ enrollmentCursor: new Date('2026-05-04T09:01:00Z') }]);
});
const dump = () =>
  Promise.all(
    ['members', 'enrollments', 'people', 'passed_over', 'campaigns', 'channels'].map(name =>
      stores.db.collection(name).find().toArray(),
    ),
  );

it('pitfall: endless re-enrollment: whoever was followed up once is not taken again', async () => {
  await connect();
  refer('r');
  await service.enrollMember('m');
  await enrollments().updateOne(
    {},
    { $set: { status: 'ended', exitReason: 'completed_7_days', exitedAt: clock.now() } },
  );
  // The platform names them with a new date, and another member has referred them as well.
  refer('r', { createdAt: '2026-05-14T07:00:00.000Z' });
  clock.advance(20 * DAY);
  await service.enrollMember('m');
  fake.add({ _id: 'r', referrerUserId: 'm2', createdAt: '2026-05-23T07:00:00.000Z' });
  await connect('m2');
  expect(await service.enrollMember('m2')).toMatchObject({ reasons: { already_followed_up: 1 } });
  expect(await enrollments().countDocuments()).toBe(1);
  expect(await reasonOf('r')).toBe('already_followed_up');
});

it('pitfall: parallel sequences to one person: one by user id, one by phone, whoever comes first', async () => {
  await connect('m');
  await connect('m2');
  refer('r', { phoneNumber: '33612000001' });
  refer('s', { phoneNumber: '+33 6 12 00 00 01', referrerUserId: 'm2' });
  refer('t', { phoneNumber: '0033612000001', referrerUserId: 'm2' });
  const report = await service.enrollDue();
  expect([report.enrolled, report.reasons]).toEqual([1, { running_elsewhere: 2 }]);
  expect(await enrollments().countDocuments()).toBe(1);
});

it('pitfall: backlog flood: a first connection takes the last seven days only; nobody beyond the limit of targets', async () => {
  await connect('m', { maxTargetsPerCampaign: 10 });
  for (let i = 0; i < 300; i++) refer(`old${i}`, { createdAt: '2026-04-20T00:00:00.000Z' });
  for (let i = 0; i < 25; i++) refer(`new${String(i).padStart(2, '0')}`);
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 10, reasons: { target_limit: 15 } });
  // The question about payments goes further back, and brings the old ones into the answer.
  await enrollments().updateOne({}, { $set: { referralCreatedAt: new Date('2026-04-01T00:00:00Z') } });
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 0, reasons: { before_backlog: 300 } });
  expect((await running()).filter(id => id.startsWith('old'))).toEqual([]);
  // As places become free, the rest follows: nobody is forgotten behind the cursor.
  await enrollments().updateMany(
    {},
    { $set: { status: 'ended', exitReason: 'manual', exitedAt: clock.now() } },
  );
  clock.advance(HOUR);
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 10 });
  await enrollments().updateMany(
    {},
    { $set: { status: 'ended', exitReason: 'manual', exitedAt: clock.now() } },
  );
  clock.advance(30 * DAY);
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 5 });
});

it('too young at one run, met by the next; an outage of twenty days loses nobody', async () => {
  await connect();
  await service.enrollMember('m');
  refer('young', { createdAt: '2026-05-04T09:30:00.000Z' });
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 0, reasons: { too_young: 1 } });
  clock.advance(HOUR);
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 1 });
  refer('during', { createdAt: '2026-05-05T12:00:00.000Z' });
  fake.trouble({ call: 'unpaid-referrals', kind: 'status', status: 503 });
  clock.advance(DAY * 3);
  expect(await service.enrollMember('m')).toMatchObject({ closed: 'payments_unknown', enrolled: 0 });
  clock.advance(DAY * 17);
  fake.wellAgain();
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 1 });
});

it('told late: a referral whose date lies before the last run is enrolled all the same', async () => {
  await connect();
  service = withSource(pushedReferrals(stores.db));
  await service.enrollMember('m');
  clock.advance(DAY);
  await service.enrollMember('m');
  // A platform that pushes once a night names people with the date on which they were referred.
  await stores.db.collection<ReferralDoc>('referrals').insertOne({
    ...{ _id: 'late', memberId: 'm', name: 'Late', email: null, phoneNumber: '33612000001', country: 'FR' },
    ...{ gender: null, profession: null, age: null, languages: ['fr'], activeSubscriptionTypes: [] },
    ...{ createdAt: new Date('2026-05-04T20:00:00Z'), updatedAt: clock.now() },
  });
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 1 });
  // Once: the next run meets them again, and knows them.
  clock.advance(HOUR);
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 0, known: 1 });
});

it.each([
  ['an error', { kind: 'status', status: 500 }],
  ['a refusal', { kind: 'status', status: 403 }],
  ['silence', { kind: 'hangs' }],
  ['a connection that breaks', { kind: 'cut', bytes: 200 }],
  ['an answer that ends early', { kind: 'truncated', bytes: 200 }],
  ['an answer without success', { kind: 'says', body: { success: false, data: [] } }],
  ['an answer without a list', { kind: 'says', body: { success: true } }],
] as const)(
  'pitfall: user-service outage ending sequences: %s neither enrolls nor ends anybody, nor counts as fresh',
  async (_what, trouble) => {
    await connect();
    for (let i = 0; i < 5; i++) refer(`r${i}`);
    await service.enrollMember('m');
    refer('new');
    clock.advance(2 * HOUR);
    fake.trouble({ call: 'unpaid-referrals', ...trouble });
    expect(await service.enrollMember('m')).toMatchObject({ closed: 'payments_unknown', paid: 0, gone: 0 });
    expect(await running()).toHaveLength(5);
    expect(await people().countDocuments()).toBe(0);
    expect(await enrollments().countDocuments({ unpaidSeenAt: { $gt: new Date(NOW) } })).toBe(0);
  },
);

it('pitfall: a short answer taken for payment: whoever is missing from a complete one has paid, else nobody has', async () => {
  await connect();
  for (const id of ['a', 'b', 'c', 'd']) refer(id);
  await service.enrollMember('m');
  clock.advance(HOUR);
  fake.pay('b');
  fake.trouble({ call: 'unpaid-referrals', kind: 'truncated', bytes: 300, times: 3 });
  await service.enrollMember('m');
  expect(await running()).toEqual(['a', 'b', 'c', 'd']);
  fake.wellAgain();
  // Somebody else in the list cannot be read: it proves nothing about who is missing.
  fake.add({ _id: 'not an id!', referrerUserId: 'm', createdAt: HOURS_OLD });
  expect(await service.enrollMember('m')).toMatchObject({ paid: 0, undecided: 1 });
  fake.forget('not an id!', 'c');
  fake.trouble({ call: 'batch-details', kind: 'status', status: 500, times: 3 });
  expect(await service.enrollMember('m')).toMatchObject({ paid: 0, gone: 0, undecided: 2 });
  expect(await running()).toEqual(['a', 'b', 'c', 'd']);
  expect(await service.enrollMember('m')).toMatchObject({ paid: 1, gone: 1 });
  expect(await Promise.all(['a', 'b', 'c', 'd'].map(exitOf))).toEqual(['active', 'paid', 'manual', 'active']);
  // A payment is remembered by both keys; somebody who is gone has not paid.
  expect(
    (
      await people()
        .find({ paidAt: { $type: 'date' } })
        .toArray()
    )
      .map(({ _id }) => _id)
      .sort(),
  ).toEqual([expect.stringMatching(/^p:hash-/), 'u:b']);
  expect(await enrollments().findOne({ referralUserId: 'a' })).toMatchObject({ unpaidSeenAt: clock.now() });
});

it('a payment before the enrollment is met, also by the phone alone', async () => {
  await connect();
  await people().insertMany([
    { _id: 'u:a', paidAt: clock.now(), updatedAt: clock.now() },
    { _id: 'p:hash-33612000002', paidAt: clock.now(), updatedAt: clock.now() },
  ]);
  refer('a');
  refer('b', { phoneNumber: '33612000002' });
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 0, reasons: { paid: 2 } });
});

it('pitfall: missing template, phone or user: not enrolled, with the reason, and in nobody’s way', async () => {
  await connect();
  refer('ok');
  refer('no-phone', { phoneNumber: '' });
  refer('bad-phone', { phoneNumber: '123' });
  refer('deleted');
  fake.trouble({
    call: 'batch-details',
    kind: 'says',
    body: { success: true, data: [{ _id: 'ok', language: ['fr'] }] },
  });
  expect(await service.enrollMember('m')).toMatchObject({
    enrolled: 1,
    reasons: { no_phone: 1, bad_phone: 1, user_gone: 1 },
  });
  expect(await Promise.all(['no-phone', 'bad-phone', 'deleted'].map(reasonOf))).toEqual([
    'no_phone',
    'bad_phone',
    'user_gone',
  ]);
});

it('pitfall: one member blocking others: what goes wrong for one stops nobody else', async () => {
  for (const id of ['a', 'b', 'c', 'd']) {
    await connect(id);
    fake.add({ _id: `of-${id}`, referrerUserId: id, createdAt: HOURS_OLD });
  }
  fake.trouble({ call: 'unpaid-referrals', memberId: 'a', kind: 'hangs' });
  fake.trouble({ call: 'unpaid-referrals', memberId: 'b', kind: 'status', status: 500 });
  await members().updateOne({ _id: 'c' }, { $unset: { exclusions: 1 } });
  const logged: unknown[] = [];
  service = withSource(overHttp(), {
    ...logger,
    error: (_sentence, fields) => void logged.push(fields?.['memberId']),
  });
  const report = await service.enrollDue();
  expect(report).toMatchObject({ members: 4, enrolled: 1, failed: 1, closed: { payments_unknown: 2 } });
  expect(await running('d')).toEqual(['of-d']);
  expect(logged).toEqual(['c']);
});

it('pitfall: pause that does not pause: no enrollment while paused; resuming loses nobody', async () => {
  await connect();
  await service.enrollMember('m');
  refer('r', { createdAt: '2026-05-04T11:00:00.000Z' });
  clock.advance(12 * DAY);
  for (const [field, closed] of [
    ['enrollmentPaused', 'enrollment_paused'],
    ['defaultCampaignPausedByMember', 'default_campaign_paused'],
    ['defaultCampaignPausedByCampaign', 'default_campaign_paused'],
  ] as const) {
    await members().updateOne({}, { $set: { [field]: true } });
    expect(await service.enrollMember('m')).toMatchObject({ enrolled: 0, closed });
    await members().updateOne({}, { $set: { [field]: false } });
  }
  await members().updateOne({}, { $set: { enabled: false } });
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 0, closed: 'disabled' });
  await members().updateOne({}, { $set: { enabled: true } });
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 1 });
});

it('while enrollment is paused, payments are still seen', async () => {
  await connect();
  refer('r');
  await service.enrollMember('m');
  await members().updateOne({}, { $set: { enrollmentPaused: true } });
  fake.pay('r');
  expect(await service.enrollMember('m')).toMatchObject({ closed: 'enrollment_paused', paid: 1 });
});

it('the member’s subscription: a definite no holds, ends after three days; unknown is not no', async () => {
  await connect();
  refer('r');
  await service.enrollMember('m');
  fake.trouble({ call: 'has-relance-subscription', kind: 'status', status: 500 });
  expect(await service.enrollMember('m')).toMatchObject({ closed: 'subscription_unknown' });
  expect(await members().findOne({})).toMatchObject({ subscription: { answer: 'yes', noSince: null } });
  fake.wellAgain();
  fake.subscribe('m', false);
  refer('later');
  expect(await service.enrollMember('m')).toMatchObject({ enrolled: 0, closed: 'not_subscribed' });
  const noSince = clock.now();
  expect(await members().findOne({})).toMatchObject({ subscription: { answer: 'no', noSince } });
  clock.advance(4 * DAY);
  fake.trouble({ call: 'has-relance-subscription', kind: 'status', status: 500 });
  expect(await service.enrollMember('m')).toMatchObject({ expired: 0, closed: 'subscription_unknown' });
  expect(await running()).toEqual(['r']);
  fake.wellAgain();
  expect(await service.enrollMember('m')).toMatchObject({ expired: 1 });
  expect(await exitOf('r')).toBe('subscription_expired');
  fake.subscribe('m', true);
  await service.enrollMember('m');
  expect(await members().findOne({})).toMatchObject({ subscription: { answer: 'yes', noSince: null } });
});

it('never the member’s own, another member’s or an excluded number', async () => {
  await connect('m', {
    phone: '33612000001',
    exclusions: [{ id: 'x', phone: '33612000003', userId: null, at: clock.now() }],
  });
  await connect('m2');
  await stores.db
    .collection<ChannelDoc>('channels')
    .updateOne({ memberId: 'm2' }, { $set: { phone: '33612000002', phoneHash: 'hash-33612000002' } });
  await people().insertOne({ _id: 'p:hash-33612000004', suppressedAt: clock.now(), updatedAt: clock.now() });
  for (let i = 1; i <= 5; i++) refer(`r${i}`, { phoneNumber: `3361200000${i}` });
  expect(await service.enrollMember('m')).toMatchObject({
    enrolled: 1,
    reasons: { own_number: 1, member_number: 1, excluded: 2 },
  });
  expect(await running()).toEqual(['r5']);
});
