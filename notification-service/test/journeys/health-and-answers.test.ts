import { afterEach, expect, it } from 'vitest';
import { startFakeHttp } from '../fakes/fake-http.ts';
import type { FakeHttp } from '../fakes/fake-http.ts';
import { refer, startTestApp, until, writeMessages } from '../test-app.ts';
import type { TestApp } from '../test-app.ts';

/** What WhatsApp and people say back changes what goes out: seen through HTTP, on real stores and the simulated network. */
let test: TestApp;
let receiver: FakeHttp | null = null;
afterEach(async () => {
  await test.close();
  await receiver?.close();
  receiver = null;
});

const FAST = {
  RELANCE_MESSAGE_DELAY_MS: '1000',
  RELANCE_MESSAGE_JITTER_MS: '0',
  RELANCE_PAYMENT_FRESHNESS_MINUTES: '4320',
};
const HOUR = 3_600_000;
const MEMBER = '33612000001';
const [PAUL, LEA, NINA] = ['33600000001', '33600000002', '33600000003'];

const passed = (hours: number) => {
  const then = test.clock.now().getTime() + hours * HOUR;
  return until(() => Promise.resolve(test.clock.now().getTime() >= then), `${hours} hours pass`);
};
const sentTo = async (phone: string) => (await test.sent()).filter(({ to }) => to.startsWith(phone));
const enrollment = (referralUserId: string) =>
  test.stores.db.collection('enrollments').findOne({ referralUserId });

it(
  '463 lowers the score with its reason and stops first contacts for a day, while follow-ups go on',
  { timeout: 60_000 },
  async () => {
    test = await startTestApp({ rate: 14_400, start: '2026-03-02T07:30:00Z', environment: FAST });
    await writeMessages(test);
    await test.connect('m1', MEMBER);
    await refer(test, 'm1', [{ _id: 'paul', name: 'Paul Martin', phoneNumber: PAUL }]);
    await test.admin().post('/admin/enrollment/run').expect(200);
    await until(async () => (await sentTo(PAUL)).length === 1, 'Paul is written to');
    await passed(5);

    await test.control('/faults', { phone: MEMBER, kind: 'refused-463', count: 1 });
    await refer(test, 'm1', [
      { _id: 'lea', name: 'Léa Petit', phoneNumber: LEA },
      { _id: 'nina', name: 'Nina Roche', phoneNumber: NINA },
    ]);
    await test.admin().post('/admin/enrollment/run').expect(200);
    await until(async () => {
      const { body } = await test.member('m1').get('/status');
      const { health } = body.data as { health: { band: string; reasons: { sentence: string }[] } };
      return (
        health.band === 'watch' &&
        health.reasons.some(({ sentence }) => /^WhatsApp limited writing .* \(−\d+\)$/.test(sentence))
      );
    }, 'the status says why the channel is slower');
    const attempts = test.stores.db.collection<{ outcome: string; at: Date }>('send_outcomes');
    const refusedAt = (await attempts.findOne({ outcome: 'refused_463' }))!.at.getTime();

    await until(
      async () => (await sentTo(LEA)).length > 0 && (await sentTo(NINA)).length > 0,
      'first contacts go on',
    );
    for (const { at } of [...(await sentTo(LEA)), ...(await sentTo(NINA))]) {
      expect(Date.parse(at)).toBeGreaterThanOrEqual(refusedAt + 24 * HOUR - 1_000);
    }
    const between = (await sentTo(PAUL)).map(({ at }) => Date.parse(at) - refusedAt);
    expect(between.some(ms => ms > 0 && ms < 24 * HOUR)).toBe(true);
  },
);

it(
  'an answer is told to the webhook once; what the member writes by hand ends the sequence; our own messages do not',
  { timeout: 60_000 },
  async () => {
    receiver = await startFakeHttp(() => ({ status: 204 }));
    test = await startTestApp({
      rate: 14_400,
      start: '2026-03-02T07:30:00Z',
      environment: { ...FAST, NOTIFY_WEBHOOK_URL: `${receiver.url}/hook` },
    });
    await writeMessages(test);
    await test.connect('m1', MEMBER);
    await refer(test, 'm1', [
      { _id: 'paul', name: 'Paul Martin', phoneNumber: PAUL },
      { _id: 'lea', name: 'Léa Petit', phoneNumber: LEA },
      { _id: 'nina', name: 'Nina Roche', phoneNumber: NINA },
    ]);
    await test.admin().post('/admin/enrollment/run').expect(200);
    await until(
      async () => (await Promise.all([PAUL, LEA, NINA].map(sentTo))).every(sent => sent.length > 0),
      'all are written to',
    );
    await test.control(`/numbers/${PAUL}/say`, { to: MEMBER, text: 'Oui !', from: 'lid' });
    await test.control(`/numbers/${PAUL}/say`, { to: MEMBER, text: 'Tu es là ?', from: 'lid' });
    await test.control(`/numbers/${MEMBER}/say`, { to: LEA, text: 'Salut Léa, je t’appelle ce soir' });
    await until(async () => (await enrollment('paul'))?.['exitReason'] === 'replied', 'Paul has replied');
    await until(
      async () => (await enrollment('lea'))?.['exitReason'] === 'manual',
      'the member has taken over',
    );
    await until(async () => (await sentTo(NINA)).length >= 2, 'Nina gets her second day');
    expect((await enrollment('nina'))?.['status']).toBe('active');
    await receiver.received(1);
    expect(receiver.requests.map(({ body }) => body)).toEqual([
      expect.objectContaining({
        event: 'replied',
        memberId: 'm1',
        data: expect.objectContaining({ referralUserId: 'paul', name: 'Paul Martin' }) as unknown,
      }),
    ]);
    expect(JSON.stringify(receiver.requests)).not.toContain('Oui');
    expect((await sentTo(PAUL)).length).toBe(1);
  },
);
