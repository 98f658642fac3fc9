import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { ask, serveRoutes } from '../../test/test-http.ts';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import type { Http } from '../http/server.ts';
import { channelIdOf } from '../platform/ids.ts';
import { createMembers, type Members } from './index.ts';
import type { MemberDoc } from './member-model.ts';

const clock = manualClock('2025-03-10T10:00:00Z');
let stores: TestStores;
let http: Http;
let told: string[] = [];
let feature: Members;
let disconnectFails = false;

beforeAll(async () => {
  stores = await openTestStores();
  const note = (what: string) => (memberId: string) => Promise.resolve(void told.push(`${what} ${memberId}`));
  feature = createMembers({
    db: stores.db,
    clock,
    leaving: {
      stopSending: note('stop'),
      rememberSequences: note('remember'),
      disconnect: memberId =>
        disconnectFails ? Promise.reject(new Error('WhatsApp is away')) : note('disconnect')(memberId),
      forgetEvents: note('forget'),
    },
    stopFor: (memberId, { phone, userId }) =>
      Promise.resolve(void told.push(`end ${memberId} ${phone ?? '-'} ${userId ?? '-'}`)),
  });
  http = serveRoutes(stores, feature.routes);
});
afterAll(async () => {
  await http.close();
  await stores.close();
});
beforeEach(async () => {
  told = [];
  disconnectFails = false;
  await members().deleteMany({});
});
const members = () => stores.db.collection<MemberDoc>('members');
const me = () => ask(http, 'm1');

it('a member is made once, however often and from wherever at once; the token’s e-mail is kept fresh', async () => {
  const actor = { userId: 'x', email: 'old@example.org', name: null };
  await Promise.all(Array.from({ length: 20 }, () => feature.ensure(actor)));
  await members().updateOne({ _id: 'x' }, { $set: { maxMessagesPerDay: 7, name: 'Known' } });
  await feature.ensure({ ...actor, email: 'new@example.org' });
  expect(await members().find().toArray()).toMatchObject([
    { _id: 'x', email: 'new@example.org', name: 'Known', maxMessagesPerDay: 7 },
  ]);
});

it('excludes by phone, however it is written, once; the running sequence with them ends', async () => {
  const first = await me().post('/exclusions', { phone: '+33 6 12 34 56 78' }).expect(201);
  expect(first.body.data).toMatchObject({
    phone: '33612345678',
    userId: null,
    at: '2025-03-10T10:00:00.000Z',
  });
  const again = await me().post('/exclusions', { phone: '0033612345678' }).expect(200);
  expect(again.body.data).toEqual(first.body.data);
  await me().post('/exclusions', { userId: 'friend-1' }).expect(201);
  const list = await me().get('/exclusions').expect(200);
  expect(list.body.data).toMatchObject([{ userId: 'friend-1' }, { phone: '33612345678' }]);
  expect(told).toEqual(['end m1 33612345678 -', 'end m1 33612345678 -', 'end m1 - friend-1']);
});

it('ten at once exclude somebody once', async () => {
  await me().post('/consent');
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => me().post('/exclusions', { phone: '33612345678' })),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect((await members().findOne({ _id: 'm1' }))?.exclusions).toHaveLength(1);
});

it('takes an exclusion back; what is not excluded is 404, also when somebody else excluded it', async () => {
  await me().post('/exclusions', { phone: '33612345678' });
  await ask(http, 'm2').delete('/exclusions', { phone: '33612345678' }).expect(404);
  await me().delete('/exclusions', { phone: '+33612345678' }).expect(200);
  await me().delete('/exclusions', { phone: '+33612345678' }).expect(404);
  expect((await me().get('/exclusions')).body.data).toEqual([]);
});

it.each([
  [{}, 'Give a phone or a userId'],
  [{ phone: 5 }, 'phone must be a text'],
  [
    { phone: '123' },
    'phone is not a valid number; write it with its country code, such as +33 6 12 34 56 78',
  ],
  [{ userId: 'no spaces' }, 'userId is not a valid user id'],
  [{ userId: { $ne: 1 } }, 'userId must be a text'],
])('%j is refused with a sentence', async (body, message) => {
  for (const method of ['post', 'delete'] as const) {
    const answer = await me()[method]('/exclusions', body).expect(400);
    expect(answer.body).toMatchObject({ success: false, message });
  }
});

it('keeps the first moment of consent', async () => {
  const first = await me().post('/consent').expect(200);
  clock.advance(60_000);
  const second = await me().post('/consent').expect(200);
  clock.set('2025-03-10T10:00:00Z');
  expect(first.body.data).toEqual({ consentAt: '2025-03-10T10:00:00.000Z' });
  expect(second.body.data).toEqual(first.body.data);
});

it('leaving stops, remembers, unlinks, then deletes all that is theirs; opt-outs and other members stay', async () => {
  const theirs = [
    'enrollments',
    'outgoing',
    'deliveries',
    'campaigns',
    'help_requests',
    'notifications',
    'connection_history',
  ];
  const theirChannels = ['receipts', 'send_outcomes', 'commands'];
  for (const memberId of ['m1', 'm2']) {
    await ask(http, memberId).post('/consent');
    for (const name of theirs) await stores.db.collection(name).insertOne({ memberId });
    await stores.db
      .collection<{ _id: string }>('channels')
      .insertOne({ _id: channelIdOf(memberId), ...{ memberId } });
    for (const name of theirChannels) {
      await stores.db.collection(name).insertOne({ channelId: channelIdOf(memberId) });
    }
  }
  await stores.db
    .collection<{ _id: string }>('people')
    .insertOne({ _id: 'p:h', ...{ optedOutAt: clock.now() } });

  await me().delete('/me').expect(200);

  expect(told).toEqual(['stop m1', 'remember m1', 'disconnect m1', 'forget m1']);
  for (const name of [...theirs, 'channels']) {
    expect(await stores.db.collection(name).distinct('memberId'), name).toEqual(['m2']);
  }
  for (const name of theirChannels) {
    expect(await stores.db.collection(name).distinct('channelId'), name).toEqual([channelIdOf('m2')]);
  }
  expect(await members().distinct('_id')).toEqual(['m2']);
  expect(await stores.db.collection('people').countDocuments()).toBe(1);
  await me().delete('/me').expect(200);
});

it('nothing is deleted while the device could not be unlinked: leaving is asked for again', async () => {
  await me().post('/consent');
  disconnectFails = true;
  await me().delete('/me').expect(500);
  expect(await members().countDocuments()).toBe(1);
});
