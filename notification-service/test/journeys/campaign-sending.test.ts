import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CampaignDoc } from '../../src/campaigns/index.ts';
import type { EnrollmentDoc } from '../../src/enrollments/index.ts';
import { NOW, openContractBed } from '../contract/contract-bed.ts';
import type { ContractBed } from '../contract/contract-bed.ts';
import { startFakeHttp } from '../fakes/fake-http.ts';
import { runningClock } from '../manual-clock.ts';
import { until, writeMessages } from '../test-app.ts';

/** What a campaign changes about sending, up to what WhatsApp's log has. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let bed: ContractBed;
beforeEach(async () => {
  bed = await openContractBed({ clock: runningClock(NOW) });
  await writeMessages(bed.test, [1, 2, 3]);
  await bed.test.connect('m1', '33612000001');
}, 60_000);
afterEach(() => bed.close());

const me = () => bed.test.member('m1');
const enrollments = () => bed.test.stores.db.collection<EnrollmentDoc>('enrollments');
const act = (id: string, verb: string) => me().post(`/campaigns/${id}/${verb}`).expect(200);
const texts = async () => (await bed.test.sent()).map(({ text }) => text);
const start = async (body: object) => {
  const id = await bed.createCampaign('m1', body);
  await act(id, 'start');
  return id;
};
/** No turn is under way: the pace of the next one counts from the calendar as it stands. */
const allQuiet = () =>
  until(async () => {
    const channel = await bed.test.stores.db.collection('channels').findOne({ turn: { $exists: true } });
    return channel === null;
  }, 'no turn is under way');
/** The calendar moves on, the hourly check asks who is unpaid, and the pump looks. */
const pass = async (ms: number) => {
  await allQuiet();
  bed.clock.advance(ms);
  await bed.test.admin().post('/admin/enrollment/run').expect(200);
  bed.test.app.delivery.wakePump();
};
const becomes = async (wanted: string[]) => {
  await until(async () => (await texts()).length >= wanted.length, `${wanted.length} messages are sent`);
  expect(await texts()).toEqual(wanted);
};
const waitsFor = (referralUserId: string, code: string) =>
  until(async () => (await enrollments().findOne({ referralUserId }))?.why?.code === code, code);

it('says its own words on its days, and the platform’s where it has none that the person reads', async () => {
  bed.refer('m1', 'paul', { name: 'Paul Martin' });
  await start({
    customMessages: [
      { dayNumber: 1, messageTemplate: { fr: 'Salut {{ firstName }} !', en: 'Hi' } },
      { dayNumber: 2, messageTemplate: { en: 'Only in English' } },
    ],
  });
  await becomes(['Salut Paul !']);
  await pass(DAY + HOUR);
  await becomes(['Salut Paul !', 'Bonjour Paul, jour 2 de un ami']);
});

it('leaves out a file that cannot be had, and says so', async () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const site = await startFakeHttp(() => ({ headers: { 'content-type': 'image/png' }, body: png }));
  try {
    bed.refer('m1', 'paul', { name: 'Paul Martin' });
    const url = `${site.url}/a.png`;
    const id = await start({
      customMessages: [
        { dayNumber: 1, messageTemplate: { fr: 'Regarde' }, mediaUrls: [{ url, type: 'image' }] },
      ],
    });
    // A private address is refused: for this service the file cannot be had.
    await becomes(['Regarde']);
    const { body } = await me().get(`/campaigns/${id}`).expect(200);
    expect((body.data as { customMessages: object[] }).customMessages).toMatchObject([
      {
        mediaUrls: [
          { url, type: null, warning: expect.stringMatching(/^The address .* cannot be fetched/) as string },
        ],
      },
    ]);
  } finally {
    await site.close();
  }
});

it('paused, it sends nothing; resumed, it goes on with the same day', async () => {
  bed.refer('m1', 'paul', { name: 'Paul Martin' });
  const id = await start({});
  await until(async () => (await texts()).length === 1, 'day 1 is sent');
  await act(id, 'pause');
  await pass(DAY + HOUR);
  await waitsFor('paul', 'campaign_paused');
  const { body } = await me().get(`/campaigns/${id}`).expect(200);
  expect((body.data as { targets: object[] }).targets).toMatchObject([
    {
      status: 'active',
      currentDay: 2,
      whyCode: 'campaign_paused',
      nextMessageDue: expect.any(String) as string,
    },
  ]);
  expect(await texts()).toHaveLength(1);
  await act(id, 'resume');
  await until(async () => (await texts()).length === 2, 'day 2 is sent');
  expect((await texts())[1]).toContain('jour 2');
});

it('does not send more than its own cap in 24 hours', async () => {
  bed.refer('m1', 'paul', { name: 'Paul Martin' });
  bed.refer('m1', 'lea', { name: 'Léa Petit' });
  await start({ maxMessagesPerDay: 1 });
  await until(async () => (await texts()).length === 1, 'the first is sent');
  await allQuiet();
  const first = await enrollments().findOne({ 'step.day': 2 });
  const other = first?.referralUserId === 'paul' ? 'lea' : 'paul';
  await pass(5 * MINUTE);
  await waitsFor(other, 'campaign_cap');
  const waiting = await enrollments().findOne({ referralUserId: other });
  // When the first message leaves its 24 hours.
  expect(waiting?.why?.nextAt?.getTime()).toBe((first?.rows['d1p0']?.at.getTime() ?? 0) + DAY);
  await pass(DAY);
  await until(async () => (await texts()).length === 2, 'the second is sent');
  await allQuiet();
  const rows = (await enrollments().find().toArray()).flatMap(doc => Object.values(doc.rows));
  const [one = 0, two = 0] = rows.map(({ at }) => at.getTime()).sort((a, b) => a - b);
  expect(two - one).toBeGreaterThanOrEqual(DAY);
});

it('with a higher priority goes first among what is due', async () => {
  bed.clock.set('2026-03-02T05:00:00Z');
  bed.refer('m1', 'low', { name: 'Low', gender: 'male' });
  bed.refer('m1', 'high', { name: 'High', gender: 'female' });
  await start({ targetFilter: { gender: 'male' } });
  bed.clock.advance(MINUTE);
  await start({ targetFilter: { gender: 'female' }, priority: 5 });
  await pass(3 * HOUR);
  await until(async () => (await texts()).length === 1, 'one is sent');
  expect((await texts())[0]).toContain('High');
  await pass(5 * MINUTE);
  await until(async () => (await texts()).length === 2, 'both are sent');
});

it('counts what was sent and delivered as a recount of the log does', async () => {
  bed.refer('m1', 'paul', { name: 'Paul Martin' });
  bed.refer('m1', 'lea', { name: 'Léa Petit' });
  const id = await start({});
  for (let n = 0; n < 4; n += 1) await pass(2 * MINUTE);
  await until(async () => (await texts()).length === 2, 'both are sent');
  const { db } = bed.test.stores;
  await until(
    async () =>
      (await db.collection('deliveries').countDocuments({ campaignId: id, ack: { $gte: 2 } })) === 2,
    'both are delivered',
  );
  const rows = await db.collection('deliveries').find({ campaignId: id }).toArray();
  const shown = (await me().get(`/campaigns/${id}`).expect(200)).body.data as CampaignDoc;
  expect(shown).toMatchObject({
    messagesSent: rows.filter(row => row['outcome'] === 'sent').length,
    messagesDelivered: rows.filter(row => row['outcome'] === 'sent' && row['ack'] >= 2).length,
    messagesFailed: rows.filter(row => row['outcome'] === 'skipped').length,
    targetsEnrolled: await enrollments().countDocuments({ campaignId: id }),
  });
});
