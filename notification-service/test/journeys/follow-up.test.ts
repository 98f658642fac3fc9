import { afterEach, describe, expect, it } from 'vitest';
import { refer, startTestApp, until, writeMessages } from '../test-app.ts';
import type { TestApp } from '../test-app.ts';

/** The three journeys of the product, through HTTP, on real stores and the simulated WhatsApp. */
let test: TestApp;
afterEach(() => test.close());

/** On a calendar this fast a slow machine's hourly check would come too late for the default freshness of payments. */
const FAST = {
  RELANCE_MESSAGE_DELAY_MS: '1000',
  RELANCE_MESSAGE_JITTER_MS: '0',
  RELANCE_PAYMENT_FRESHNESS_MINUTES: '4320',
};
/** Calendar days pass in two seconds. */
const DAY_IN_TWO_SECONDS = 43_200;

describe('a member connects', () => {
  it('by scanning a QR; a reload costs nothing, and a restart of the page shows connected', async () => {
    test = await startTestApp();
    const first = await test.member('m1').post('/connect').expect(200);
    expect(first.body.data).toMatchObject({
      attempt: 1,
      maxAttempts: 5,
      qr: expect.stringMatching(/^data:image\/png;base64,/) as string,
    });
    const again = await test.member('m1').post('/connect').expect(200);
    expect(again.body.data).toMatchObject({ attempt: 1 });
    const [link] = (await test.control('/links')) as { device: string }[];
    await test.control(`/links/${link!.device}/scan`, { phone: '33612000001' });
    await until(async () => {
      const { body } = await test.member('m1').get('/status');
      return (body.data as { whatsappStatus: string }).whatsappStatus === 'connected';
    }, 'the status says connected');
    const connected = await test.member('m1').post('/connect').expect(200);
    expect(connected.body).toEqual({
      success: true,
      message: 'WhatsApp already connected',
      data: { alreadyConnected: true, whatsappStatus: 'connected' },
    });
  });

  it('by typing a pairing code', async () => {
    test = await startTestApp();
    const { body } = await test
      .member('m1')
      .post('/connect', { phoneNumber: '+33 6 12 00 00 01' })
      .expect(200);
    const { pairingCode } = body.data as { pairingCode: string };
    expect(pairingCode).toMatch(/^[A-Z0-9]{8}$/);
    await test.control('/links/code', { code: pairingCode, phone: '33612000001' });
    await until(async () => {
      const status = await test.member('m1').get('/status');
      return (status.body.data as { phoneNumber: string | null }).phoneNumber === '33612000001';
    }, 'the number is connected');
  });

  it('and a number that belongs to another member is refused after the scan', async () => {
    test = await startTestApp();
    await test.connect('m1', '33612000001');
    await test.member('m2').post('/connect').expect(200);
    const links = (await test.control('/links')) as { device: string }[];
    await test.control(`/links/${links.at(-1)!.device}/scan`, { phone: '33612000001' });
    await until(async () => {
      const status = await test.member('m2').get('/status');
      return (status.body.data as { stateReason: string | null }).stateReason === 'other_member';
    }, 'm2 is refused');
    const first = await test.member('m1').get('/status');
    expect(first.body.data).toMatchObject({ whatsappStatus: 'connected' });
  });
});

describe('follow-up and exit', () => {
  it(
    'sends one message a day for seven days, each once; a payment stops one person',
    { timeout: 120_000 },
    async () => {
      test = await startTestApp({ rate: DAY_IN_TWO_SECONDS, environment: FAST });
      await writeMessages(test);
      await test.connect('m1', '33612000001');
      await refer(test, 'm1', [
        { _id: 'paul', name: 'Paul Martin', phoneNumber: '33600000001' },
        { _id: 'lea', name: 'Léa Petit', phoneNumber: '33600000002' },
      ]);
      await test.admin().post('/admin/enrollment/run').expect(200);
      const to = async (phone: string) => (await test.sent()).filter(entry => entry.to.startsWith(phone));
      await until(async () => (await to('33600000002')).length >= 2, 'Léa has two messages');
      const answer = await test.service('/exit-user', { userId: 'lea' });
      expect(answer.body).toMatchObject({ success: true, message: 'User removed from relance loop' });
      const { outcome } = answer.body.data as { outcome: string };
      const before = (await to('33600000002')).length;
      await until(async () => (await to('33600000001')).length === 7, 'Paul has seven messages', 40_000);
      const texts = (await to('33600000001')).map(entry => entry.text);
      expect(texts).toEqual(
        [1, 2, 3, 4, 5, 6, 7].map(
          day => expect.stringMatching(new RegExp(`^Bonjour Paul, jour ${day} `)) as string,
        ),
      );
      expect((await to('33600000002')).length).toBeLessThanOrEqual(
        before + (outcome === 'in_flight' ? 1 : 0),
      );
      const again = await test.service('/exit-user', { userId: 'lea' });
      expect(again.body.data).toMatchObject({ outcome: 'already', enrollments: 0 });
      const ended = await test.stores.db.collection('enrollments').findOne({ referralUserId: 'paul' });
      expect(ended).toMatchObject({ status: 'ended', exitReason: 'completed_7_days' });
    },
  );

  it('a payment before enrollment bars it', async () => {
    test = await startTestApp({ environment: FAST });
    await writeMessages(test);
    await test.connect('m1', '33612000001');
    const early = await test.service('/exit-user', { userId: 'paul', eventId: 'pay-1' });
    expect(early.body.data).toEqual({ outcome: 'none', enrollments: 0 });
    await refer(test, 'm1', [{ _id: 'paul', name: 'Paul Martin', phoneNumber: '33600000001' }]);
    await test.admin().post('/admin/enrollment/run').expect(200);
    expect(await test.stores.db.collection('enrollments').countDocuments()).toBe(0);
    const repeated = await test.service('/exit-user', { userId: 'paul', eventId: 'pay-1' });
    expect(repeated.body.data).toEqual({ outcome: 'none', enrollments: 0 });
  });
});

describe('an answer', () => {
  it(
    'STOP, from a hidden id, opts a person out for good and is confirmed once; another answer ends the sequence',
    { timeout: 120_000 },
    async () => {
      test = await startTestApp({ rate: DAY_IN_TWO_SECONDS / 2, environment: FAST });
      await writeMessages(test);
      await test.connect('m1', '33612000001');
      await refer(test, 'm1', [
        { _id: 'paul', name: 'Paul Martin', phoneNumber: '33600000001' },
        { _id: 'lea', name: 'Léa Petit', phoneNumber: '33600000002' },
      ]);
      await test.admin().post('/admin/enrollment/run').expect(200);
      const to = async (phone: string) => (await test.sent()).filter(entry => entry.to.startsWith(phone));
      await until(
        async () => (await to('33600000001')).length > 0 && (await to('33600000002')).length > 0,
        'both were written to',
        40_000,
      );
      await test.control('/numbers/33600000001/say', { to: '33612000001', text: 'STOP!' });
      await test.control('/numbers/33600000002/say', { to: '33612000001', text: 'Oui, appelle-moi' });
      const reasonOf = async (referralUserId: string) =>
        (await test.stores.db.collection('enrollments').findOne({ referralUserId }))?.['exitReason'] as
          string | null;
      await until(async () => (await reasonOf('paul')) === 'opted_out', 'Paul is opted out');
      await until(async () => (await reasonOf('lea')) === 'replied', 'Léa has replied');
      await test.control('/numbers/33600000001/say', { to: '33612000001', text: 'stop' });
      const confirmations = async () =>
        (await to('33600000001')).filter(entry => entry.text.startsWith('C’est noté'));
      await until(async () => (await confirmations()).length === 1, 'the opt-out is confirmed');
      await refer(test, 'm1', [{ _id: 'paul-again', name: 'Paul Martin', phoneNumber: '33600000001' }]);
      const run = await test.admin().post('/admin/enrollment/run').expect(200);
      expect(JSON.stringify(run.body.data)).toContain('opted_out');
      const before = (await to('33600000001')).length;
      const start = test.clock.now().getTime();
      await until(
        () => Promise.resolve(test.clock.now().getTime() > start + 2 * 86_400_000),
        'two days pass',
      );
      expect((await to('33600000001')).length).toBe(before);
      expect((await confirmations()).length).toBe(1);
    },
  );
});
