import request from 'supertest';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { openTestStores } from '../../test/test-stores.ts';
import type { TestStores } from '../../test/test-stores.ts';
import { newDefaultCampaign } from '../campaigns/index.ts';
import { signToken } from '../http/authenticate.ts';
import { createHttp } from '../http/server.ts';
import type { Http } from '../http/server.ts';
import { parseConfig } from '../platform/config.ts';
import { mongoDocStore } from '../platform/doc-store.ts';
import { createLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { stopRoutes } from './stop-routes.ts';
import { newEnrollment } from './new-enrollment.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';

const secret = 'a'.repeat(32);
const NOW = '2026-05-04T10:00:00Z';
const clock = manualClock(NOW);
let stores: TestStores;
let http: Http;
let told: unknown[];
let audited: unknown[];

beforeAll(async () => {
  stores = await openTestStores();
  const config = parseConfig({
    JWT_SECRET: secret,
    SERVICE_SECRET: 's'.repeat(32),
    WHATSAPP_SESSION_SECRET: 'w'.repeat(32),
    MONGODB_URI: stores.mongoUri,
    REDIS_URL: stores.redisUrl,
    REDIS_PREFIX: stores.keyPrefix,
    RATE_LIMIT_WRITES: '1000',
  });
  http = createHttp({
    config,
    routes: stopRoutes({
      store: mongoDocStore(stores.db),
      clock,
      ended: result => void told.push(result.outcome),
      recordAudit: entry => Promise.resolve(void audited.push(entry)),
    }),
    logger: createLogger({ level: 'error' }),
    redis: stores.redis,
    metrics: createMetrics(),
    ready: () => Promise.resolve({}),
  });
});
afterAll(async () => {
  await http.close();
  await stores.close();
});
beforeEach(async () => {
  told = [];
  audited = [];
  await enrollments().deleteMany({});
});

const enrollments = () => stores.db.collection<EnrollmentDoc>('enrollments');

async function enroll(
  memberId: string,
  referralUserId: string,
  state: 'scheduled' | 'sending' = 'scheduled',
) {
  const at = new Date(NOW);
  const doc = newEnrollment({
    campaign: newDefaultCampaign(memberId, at),
    referral: {
      ...{ id: referralUserId, memberId, name: 'Ann Bee', email: null, phoneNumber: '33612000001' },
      ...{ country: 'FR', gender: null, profession: null, age: null, languages: ['fr'] },
      ...{ activeSubscriptionTypes: [], createdAt: at },
    },
    ...{ phone: '33612000001', phoneHash: `h-${referralUserId}`, country: 'FR', language: 'fr' },
    ...{ zone: 'Europe/Paris', dueAt: at, now: at, unpaidSeenAt: at },
  });
  await enrollments().insertOne({ ...doc, step: { ...doc.step, state } });
  return doc;
}

const stop = (id: string, as: { userId: string; role?: string }) =>
  request(http.app)
    .post(`/api/relance${as.role === 'admin' ? '/admin' : ''}/targets/${id}/stop`)
    .set('Content-Type', 'application/json')
    .set('Authorization', `Bearer ${signToken({ email: 'e@example.org', role: 'user', ...as }, secret)}`);

it('ends one’s own target as manual; its version makes a turn under way fail at its fence', async () => {
  const doc = await enroll('m', 'r');
  const first = await stop(doc._id, { userId: 'm' });
  expect([first.status, first.body]).toEqual([
    200,
    { success: true, message: 'Target stopped', data: { outcome: 'stopped' } },
  ]);
  expect(await enrollments().findOne({ _id: doc._id })).toMatchObject({
    status: 'ended',
    exitReason: 'manual',
    exitedAt: new Date(NOW),
    step: { tryAt: null, version: doc.step.version + 1 },
  });
  expect((await stop(doc._id, { userId: 'm' })).body).toMatchObject({ data: { outcome: 'already' } });
  expect(told).toEqual(['stopped', 'already']);
});

it('says when a message was on its way, also when asked again', async () => {
  const doc = await enroll('m', 'r', 'sending');
  for (let i = 0; i < 2; i++)
    expect((await stop(doc._id, { userId: 'm' })).body).toMatchObject({ data: { outcome: 'in_flight' } });
});

it('pitfall: other member’s ids: not found for a member, admins included; an admin ends any by the admin route', async () => {
  const doc = await enroll('m', 'r');
  for (const as of [{ userId: 'other' }, { userId: 'admin' }]) {
    const answer = await stop(doc._id, as);
    expect([answer.status, (answer.body as { message: string }).message]).toEqual([404, 'Target not found']);
  }
  expect(await enrollments().countDocuments({ status: 'active' })).toBe(1);
  expect(audited).toEqual([]);
  expect((await stop(doc._id, { userId: 'boss', role: 'admin' })).body).toMatchObject({ success: true });
  expect(audited).toEqual([
    { actor: 'boss', action: 'target.stop', target: doc._id, after: { outcome: 'stopped' } },
  ]);
});

it('only admins may use the admin route; ids have one form; one sequence ends, not the person’s others', async () => {
  const doc = await enroll('m', 'r');
  const other = await enroll('m2', 'r2');
  const path = `/api/relance/admin/targets/${doc._id}/stop`;
  const token = signToken({ userId: 'm', email: 'e@example.org', role: 'user' }, secret);
  expect((await request(http.app).post(path).set('Authorization', `Bearer ${token}`)).status).toBe(403);
  expect((await stop('nonsense', { userId: 'm' })).status).toBe(400);
  expect((await stop('0'.repeat(24), { userId: 'm' })).status).toBe(404);
  await stop(doc._id, { userId: 'm' });
  expect(await enrollments().findOne({ _id: other._id })).toMatchObject({ status: 'active' });
});
