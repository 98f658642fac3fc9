import request from 'supertest';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openTestStores } from '../../test/test-stores.ts';
import type { TestStores } from '../../test/test-stores.ts';
import { signToken } from '../http/authenticate.ts';
import { createHttp } from '../http/server.ts';
import type { Http } from '../http/server.ts';
import { parseConfig } from '../platform/config.ts';
import { createLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { enrollmentRoutes } from './enrollment-routes.ts';
import { emptyRun } from './run-report.ts';
import type { RunReport } from './run-report.ts';

const secret = 'a'.repeat(32);
const PATH = '/api/relance/admin/enrollment/run';
const REPORT: RunReport = { ...emptyRun(), members: 3, enrolled: 2, reasons: { no_phone: 1 } };
let stores: TestStores;
let http: Http;
let asked: (string | null)[];
let audited: unknown[];
let run: (memberId: string | null) => Promise<RunReport>;

beforeAll(async () => {
  stores = await openTestStores();
  http = createHttp({
    config: parseConfig({
      JWT_SECRET: secret,
      SERVICE_SECRET: 's'.repeat(32),
      WHATSAPP_SESSION_SECRET: 'w'.repeat(32),
      MONGODB_URI: stores.mongoUri,
      REDIS_URL: stores.redisUrl,
      REDIS_PREFIX: stores.keyPrefix,
    }),
    routes: enrollmentRoutes({
      run: memberId => {
        asked.push(memberId);
        return run(memberId);
      },
      recordAudit: entry => Promise.resolve(void audited.push(entry)),
      waitMs: 50,
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
beforeEach(() => {
  asked = [];
  audited = [];
  run = () => Promise.resolve(REPORT);
});

const post = (role: string, body: object = {}) =>
  request(http.app)
    .post(PATH)
    .set('Authorization', `Bearer ${signToken({ userId: 'boss', email: 'e@example.org', role }, secret)}`)
    .send(body);

it('runs for everybody, says why people were not enrolled, and is in the audit log', async () => {
  const answer = await post('admin');
  expect([answer.status, answer.body]).toEqual([
    200,
    { success: true, message: 'Enrollment run finished', data: { finished: true, report: REPORT } },
  ]);
  expect(asked).toEqual([null]);
  expect(audited).toEqual([
    { actor: 'boss', action: 'enrollment.run', target: 'all', after: { finished: true, enrolled: 2 } },
  ]);
});

it('runs for one member', async () => {
  await post('admin', { userId: 'm-1', other: 'field' });
  expect(asked).toEqual(['m-1']);
  expect((await post('admin', { userId: 'no/id' })).status).toBe(400);
  expect(asked).toEqual(['m-1']);
});

it('answers while a long run goes on, also when that run fails later', async () => {
  let fail: (error: Error) => void = () => undefined;
  run = () => new Promise((_, reject) => (fail = reject));
  expect((await post('admin')).body).toEqual({
    success: true,
    message: 'The enrollment run goes on',
    data: { finished: false, report: null },
  });
  fail(new Error('later'));
  await new Promise(resolve => setImmediate(resolve)); // vitest fails on a rejection that nobody hears
});

it('is for admins only', async () => {
  expect((await post('member')).status).toBe(403);
  expect((await request(http.app).post(PATH)).status).toBe(401);
  expect(asked).toEqual([]);
});
