import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { previewAudience } from '../../notification-service/src/enrollments/preview-audience.ts';
import { createPhoneHasher } from '../../notification-service/src/platform/crypto.ts';
import { createLogger } from '../../notification-service/src/platform/logger.ts';
import { userService } from '../../notification-service/src/referrals/index.ts';
import { percentile, row } from './rows.ts';
import type { Row } from './rows.ts';
import type { BenchStores } from './stores.ts';

const PEOPLE = 20_000;
const RUNS = 5;
const SECRET = 's'.repeat(32);
const NOW = new Date('2026-03-02T09:00:00Z');

/** A preview of 20,000 people, all of whom match, beside the time of reading the user service's answer alone. */
export async function benchPreview(stores: BenchStores): Promise<Row[]> {
  const { db } = await stores.open('preview');
  const users = await startUserService();
  try {
    const deps = {
      db,
      hashPhone: await createPhoneHasher({ db, secrets: [SECRET] }),
      config: { RELANCE_REST_DAYS: 30, RELANCE_TIMEZONE: 'Europe/Paris', RELANCE_DEFAULT_LANGUAGE: 'fr' },
      clock: { now: () => NOW, rate: 1 },
      source: userService({ url: users.url, secret: SECRET, logger: createLogger({ level: 'error' }) }),
    };
    const beyond: number[] = [];
    const answers: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      const answer = await secondsOf(async () => {
        await (await fetch(`${users.url}/users/internal/m/referrals-for-campaign`)).arrayBuffer();
      });
      const whole = await secondsOf(async () => {
        const { count } = await previewAudience('m', { countries: ['FR'] }, deps);
        if (count !== PEOPLE) throw new Error(`${count} people were previewed.`);
      });
      answers.push(answer);
      beyond.push(whole - answer);
    }
    return [
      row(
        {
          name: `preview of ${PEOPLE} people, beyond the user service`,
          value: percentile(beyond, 0.5),
          unit: 's',
          baseline: percentile(answers, 0.5),
        },
        { below: 2 },
      ),
    ];
  } finally {
    await users.close();
  }
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}

async function startUserService(): Promise<{ url: string; close: () => Promise<void> }> {
  const data = Array.from({ length: PEOPLE }, (_, n) => ({
    ...{ _id: `person-${n}`, name: `Person Number ${n}`, email: `person-${n}@example.org` },
    ...{ phoneNumber: `336${String(10_000_000 + n)}`, country: 'FR', gender: 'female', age: 30 },
    ...{ profession: 'teacher', activeSubscriptionTypes: [], createdAt: '2026-01-01T00:00:00.000Z' },
  }));
  const body = Buffer.from(JSON.stringify({ success: true, data }));
  const server = createServer((_req, res) => {
    res.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
