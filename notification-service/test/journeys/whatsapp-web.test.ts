import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refer, startTestApp, until, writeMessages } from '../test-app.ts';
import type { TestApp } from '../test-app.ts';

/** The three journeys of the product on the transport members use: whatsapp-web.js in a real Chromium, on the stand-in page. */
let test: TestApp;
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'relance-journey-'));
});
afterEach(async () => {
  await test.close();
  await rm(dataDir, { recursive: true, force: true });
});

const start = (options: { rate?: number; environment?: Record<string, string> } = {}): Promise<TestApp> =>
  startTestApp({
    ...options,
    environment: { TRANSPORT: 'whatsapp-web', RELANCE_DATA_DIR: dataDir, ...options.environment },
  });

const statusOf = async (userId: string) =>
  (await test.member(userId).get('/status')).body.data as {
    whatsappStatus: string;
    phoneNumber: string | null;
    stateReason: string | null;
  };

const FAST = {
  RELANCE_MESSAGE_DELAY_MS: '1000',
  RELANCE_MESSAGE_JITTER_MS: '0',
  RELANCE_PAYMENT_FRESHNESS_MINUTES: '4320',
};
const DAY_IN_FOUR_SECONDS = 21_600;

describe('a member connects', () => {
  it('by scanning a QR', { timeout: 60_000 }, async () => {
    test = await start();
    const first = await test.member('m1').post('/connect').expect(200);
    expect(first.body.data).toMatchObject({
      attempt: 1,
      qr: expect.stringMatching(/^data:image\/png;base64,/) as string,
    });
    const [link] = (await test.control('/links')) as { device: string }[];
    await test.control(`/links/${link!.device}/scan`, { phone: '33612000001' });
    await until(
      async () => (await statusOf('m1')).whatsappStatus === 'connected',
      'the status says connected',
    );
    expect((await statusOf('m1')).phoneNumber).toBe('33612000001');
  });

  it('by typing a pairing code', { timeout: 60_000 }, async () => {
    test = await start();
    const { body } = await test
      .member('m1')
      .post('/connect', { phoneNumber: '+33 6 12 00 00 01' })
      .expect(200);
    const { pairingCode } = body.data as { pairingCode: string };
    expect(pairingCode).toMatch(/^[A-Z0-9]{8}$/);
    await test.control('/links/code', { code: pairingCode, phone: '33612000001' });
    await until(async () => (await statusOf('m1')).phoneNumber === '33612000001', 'the number is connected');
  });
});

describe('follow-up and exit', () => {
  it(
    'sends one message a day for seven days, each once; a payment stops one person',
    { timeout: 180_000 },
    async () => {
      test = await start({ rate: DAY_IN_FOUR_SECONDS, environment: FAST });
      await writeMessages(test);
      await test.connect('m1', '33612000001');
      await refer(test, 'm1', [
        { _id: 'paul', name: 'Paul Martin', phoneNumber: '33600000001' },
        { _id: 'lea', name: 'Léa Petit', phoneNumber: '33600000002' },
      ]);
      await test.admin().post('/admin/enrollment/run').expect(200);
      const to = async (phone: string) => (await test.sent()).filter(entry => entry.to.startsWith(phone));
      await until(async () => (await to('33600000002')).length >= 2, 'Léa has two messages', 60_000);
      const answer = await test.service('/exit-user', { userId: 'lea' });
      const { outcome } = answer.body.data as { outcome: string };
      const before = (await to('33600000002')).length;
      await until(async () => (await to('33600000001')).length === 7, 'Paul has seven messages', 90_000);
      expect((await to('33600000001')).map(entry => entry.text)).toEqual(
        [1, 2, 3, 4, 5, 6, 7].map(
          day => expect.stringMatching(new RegExp(`^Bonjour Paul, jour ${day} `)) as string,
        ),
      );
      expect((await to('33600000002')).length).toBeLessThanOrEqual(
        before + (outcome === 'in_flight' ? 1 : 0),
      );
      await until(
        async () =>
          (await test.stores.db.collection('enrollments').findOne({ referralUserId: 'paul' }))?.[
            'exitReason'
          ] === 'completed_7_days',
        'Paul has completed',
      );
    },
  );

  it('a STOP from a hidden id ends the sequence and is confirmed once', { timeout: 120_000 }, async () => {
    test = await start({ rate: DAY_IN_FOUR_SECONDS, environment: FAST });
    await writeMessages(test);
    await test.connect('m1', '33612000001');
    await refer(test, 'm1', [{ _id: 'paul', name: 'Paul Martin', phoneNumber: '33600000001' }]);
    await test.admin().post('/admin/enrollment/run').expect(200);
    const to = async (phone: string) => (await test.sent()).filter(entry => entry.to.startsWith(phone));
    await until(async () => (await to('33600000001')).length >= 1, 'Paul has a message', 60_000);
    await test.control('/numbers/33600000001/say', { to: '33612000001', text: 'STOP' });
    await until(
      async () =>
        (await test.stores.db.collection('enrollments').findOne({ referralUserId: 'paul' }))?.[
          'exitReason'
        ] === 'opted_out',
      'Paul has opted out',
      30_000,
    );
    await until(async () => (await to('33600000001')).length === 2, 'the confirmation has gone out', 30_000);
    // Two more days pass, and nothing else is said.
    await new Promise(resolve => setTimeout(resolve, 8_000));
    expect(await to('33600000001')).toHaveLength(2);
  });
});
