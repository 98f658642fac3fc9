import { PassThrough } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import { createLogger } from '../../src/platform/logger.ts';
import { openRedis, closeRedis } from '../../src/platform/redis.ts';
import { startFakeHttp } from '../fakes/fake-http.ts';
import type { FakeHttp } from '../fakes/fake-http.ts';
import { refer, startTestApp, until, writeMessages } from '../test-app.ts';
import type { TestApp } from '../test-app.ts';

/** Somebody asks for a copy of their data, then for its erasure: every collection, every key and every log line is searched. */
let test: TestApp;
let receiver: FakeHttp;
afterEach(async () => {
  await test.close();
  await receiver.close();
});

const MEMBER = '33612000001';
const PAUL = {
  _id: 'user-paul',
  name: 'Paul Quincampoix',
  phoneNumber: '33600000001',
  email: 'pq@example.org',
};
const SAID = 'Je te rappelle dimanche';
/** Whatever could tell who it was. */
const TRACES = [PAUL._id, 'Quincampoix', PAUL.phoneNumber, PAUL.email, SAID, 'Bonjour Paul'];

it(
  'exports what is kept of a person, and erases it everywhere; nobody writes to them again',
  { timeout: 60_000 },
  async () => {
    receiver = await startFakeHttp(() => ({ status: 200, body: {} }));
    const log = new PassThrough();
    const lines: string[] = [];
    log.on('data', (chunk: Buffer) => lines.push(chunk.toString('utf8')));
    test = await startTestApp({
      environment: {
        NOTIFY_WEBHOOK_URL: receiver.url,
        RELANCE_MESSAGE_DELAY_MS: '1000',
        RELANCE_MESSAGE_JITTER_MS: '0',
      },
      outside: { logger: createLogger({ level: 'debug', stream: log }) },
    });
    await writeMessages(test);
    await test.connect('m1', MEMBER);
    await refer(test, 'm1', [PAUL, { _id: 'user-lea', name: 'Léa Petit', phoneNumber: '33600000002' }]);
    await test.admin().post('/admin/enrollment/run').expect(200);
    await until(async () => (await test.sent()).length === 2, 'both are written to');
    await test.control(`/numbers/${PAUL.phoneNumber}/say`, { to: MEMBER, text: SAID });
    const enrollments = test.stores.db.collection('enrollments');
    await until(
      async () => (await enrollments.findOne({ referralUserId: PAUL._id }))?.['status'] === 'ended',
      'his answer ends the sequence',
    );
    await until(
      async () => (await test.stores.db.collection('deliveries').countDocuments()) === 2,
      'the log knows',
    );
    await test.member('m2').post('/consent');
    await test.member('m2').post('/exclusions', { phone: `+${PAUL.phoneNumber}` });
    const { _id: targetId } = (await enrollments.findOne({ referralUserId: PAUL._id }))!;
    await test
      .admin()
      .post(`/admin/targets/${String(targetId)}/stop`)
      .expect(200);

    const { body } = await test.admin().get(`/admin/people/${PAUL._id}/export`).expect(200);
    const { asReferral } = body.data as { asReferral: Record<string, unknown[]> };
    expect(Object.keys(asReferral).sort()).toEqual(
      [
        'deliveries',
        'enrollments',
        'inbound_messages',
        'notifications',
        'people',
        'receipts',
        'referrals',
      ].sort(),
    );
    for (const trace of TRACES) expect(JSON.stringify(asReferral), trace).toContain(trace);
    expect(JSON.stringify(asReferral)).not.toContain('Petit');
    await test.member('m1').get(`/admin/people/${PAUL._id}/export`).expect(403);

    const erased = await test.admin().delete(`/admin/people/${PAUL._id}`).expect(200);
    expect(erased.body.data).toMatchObject({
      outcome: 'already',
      deleted: { enrollments: 1, deliveries: 1 },
    });
    const found = [...(await searchMongo()), ...(await searchRedis())];
    expect(found).toEqual([]);
    expect(TRACES.filter(trace => lines.join('').includes(trace) && trace !== PAUL._id)).toEqual([]);
    await test.admin().get(`/admin/people/${PAUL._id}/export`).expect(404);
    await test.admin().delete(`/admin/people/${PAUL._id}`).expect(200);

    await refer(test, 'm1', [{ ...PAUL, _id: 'user-paul-again' }]);
    await test.admin().post('/admin/enrollment/run').expect(200);
    expect(await enrollments.countDocuments()).toBe(1);
  },
);

async function searchMongo(): Promise<string[]> {
  const found: string[] = [];
  for (const { collectionName } of await test.stores.db.collections()) {
    for (const doc of await test.stores.db.collection(collectionName).find().toArray()) {
      found.push(...tracesIn(JSON.stringify(doc), collectionName));
    }
  }
  return found;
}

/** Every kind of value that the service keeps. */
async function searchRedis(): Promise<string[]> {
  const redis = openRedis(test.stores.redisUrl);
  const found: string[] = [];
  try {
    for (const key of await redis.keys('*')) {
      const read = {
        string: () => redis.get(key),
        list: () => redis.lrange(key, 0, -1),
        set: () => redis.smembers(key),
        zset: () => redis.zrange(key, 0, -1),
        hash: () => redis.hgetall(key),
        stream: () => redis.xrange(key, '-', '+'),
        none: () => Promise.resolve(null),
      }[(await redis.type(key)) as 'string'];
      found.push(...tracesIn(`${key} ${JSON.stringify(await read())}`, key));
    }
  } finally {
    await closeRedis(redis);
  }
  return found;
}

const tracesIn = (text: string, where: string): string[] =>
  TRACES.filter(trace => text.includes(trace)).map(trace => `${trace} in ${where}`);
