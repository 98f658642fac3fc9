import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { ask, serveRoutes } from '../../test/test-http.ts';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import type { Http } from '../http/server.ts';
import type { MemberDoc } from '../members/index.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { ChannelDoc } from './channel-model.ts';
import { newChannel } from './channel-model.ts';
import { settingsRoutes } from './settings-routes.ts';
import { settingsShape, statusShape } from './status-schemas.ts';

const NOW = '2025-03-10T10:00:00.000Z';
const clock = manualClock(NOW);
let stores: TestStores;
let http: Http;
let woken: string[] = [];
let sent: Date[] = [];
let filteredRuns = false;

beforeAll(async () => {
  stores = await openTestStores();
  await stores.buildIndexes();
  http = serveRoutes(
    stores,
    settingsRoutes({
      members: members(),
      channels: channels(),
      clock,
      transportKind: 'simulator',
      defaultZone: 'Europe/Paris',
      maxAttempts: 5,
      countSent: (_memberId, since) => Promise.resolve(sent.filter(at => at >= since).length),
      transaction: work => stores.mongo.transaction(work),
      wakeChannel: id => void woken.push(id),
      filteredCampaignRuns: () => Promise.resolve(filteredRuns),
    }),
  );
});
afterAll(async () => {
  await http.close();
  await stores.close();
});
beforeEach(async () => {
  clock.set(NOW);
  woken = [];
  sent = [];
  filteredRuns = false;
  await Promise.all([members().deleteMany({}), channels().deleteMany({})]);
});

const members = () => stores.db.collection<MemberDoc>('members');
const channels = () => stores.db.collection<ChannelDoc>('channels');
const me = () => ask(http, 'm1');

async function addChannel(set: Partial<ChannelDoc> = {}, memberId = 'm1'): Promise<void> {
  const made = newChannel({
    _id: channelIdOf(memberId),
    memberId,
    transport: 'simulator',
    at: new Date(NOW),
  });
  await channels().insertOne({ ...made, ...set });
}
const channelOf = async () => (await channels().findOne({ _id: channelIdOf('m1') }))!;
const memberOf = async () => (await members().findOne({ _id: 'm1' }))!;
/** What travelled as JSON, checked by the declared shape. */
function checked(shape: typeof statusShape | typeof settingsShape, data: object): Record<string, unknown> {
  const dates = Object.entries(data).map(([name, value]) => [
    name,
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? new Date(value) : (value as unknown),
  ]);
  return shape.strict().parse(Object.fromEntries(dates));
}
const status = async () => checked(statusShape, (await me().get('/status').expect(200)).body.data!);

describe('GET /status', () => {
  it('shows the defaults to somebody who never connected, and creates nothing', async () => {
    expect(await status()).toEqual({
      whatsappStatus: 'disconnected',
      enabled: true,
      enrollmentPaused: false,
      sendingPaused: false,
      messagesSentToday: 0,
      lastConnectionCheck: null,
      defaultCampaignPaused: false,
      allowSimultaneousCampaigns: false,
      maxMessagesPerDay: 50,
      maxTargetsPerCampaign: 500,
      lastQrScanDate: null,
      connectionFailureCount: 0,
      lastConnectionFailure: null,
      lastConnectionFailureReason: null,
      state: 'inactive',
      stateReason: null,
      attempt: 0,
      maxAttempts: 5,
      cooldownUntil: null,
      phoneNumber: null,
      consentAt: null,
      health: { score: 100, band: 'healthy', reasons: [] },
    });
    expect(await members().countDocuments()).toBe(0);
    expect(await channels().countDocuments()).toBe(0);
  });

  it.each([
    ['active', null, true, 0, 'connected', 0],
    ['warming', null, true, 0, 'connected', 0],
    ['connecting', 'lost', true, 2, 'connected', 2],
    ['initializing', null, false, 0, 'disconnected', 0],
    ['qr_pending', null, false, 3, 'disconnected', 0],
    ['disconnected', 'disconnected_by_member', true, 0, 'disconnected', 0],
    ['inactive', 'link_timeout', false, 2, 'disconnected', 0],
    ['error', 'crashed', true, 2, 'disconnected', 2],
    ['disconnected', 'unlinked', false, 0, 'expired', 3],
    ['error', 'banned', true, 1, 'expired', 3],
    ['disconnected', 'unlinked', false, 4, 'expired', 4],
    ['error', 'other_member', false, 0, 'disconnected', 0],
  ] as const)(
    '%s (%s) is shown as it is meant',
    async (state, stateReason, hasLogin, failures, whatsappStatus, connectionFailureCount) => {
      await addChannel({ state, stateReason, hasLogin, connectionFailureCount: failures });
      expect(await status()).toMatchObject({ state, stateReason, whatsappStatus, connectionFailureCount });
    },
  );

  it('shows the attempt and the cooldown, and 0 once the cooldown is over', async () => {
    const cooldownUntil = new Date('2025-03-10T12:00:00Z');
    const attempts = {
      ...newChannel({ _id: '', memberId: '', transport: 'simulator', at: cooldownUntil }).attempts,
    };
    await addChannel({ attempts: { ...attempts, count: 5, cooldownUntil } });
    expect(await status()).toMatchObject({ attempt: 5, cooldownUntil });
    clock.set('2025-03-10T12:00:01Z');
    expect(await status()).toMatchObject({ attempt: 0, cooldownUntil: null });
  });

  it('pitfall: status that opens a connection: it opens none and writes nothing, the documents are byte for byte as before', async () => {
    await addChannel({ state: 'connecting', hasLogin: true, nextActionAt: new Date(NOW) });
    const before = await channelOf();
    await status();
    expect(await channelOf()).toEqual(before);
    expect(await stores.db.collection('commands').countDocuments()).toBe(0);
  });

  it('shows nobody else’s channel', async () => {
    await addChannel({ state: 'active', phone: '33612345678' }, 'm2');
    expect(await status()).toMatchObject({ state: 'inactive', phoneNumber: null });
  });
});

describe('the counter of today', () => {
  const sends = (...at: string[]) => {
    sent = at.map(text => new Date(text));
    const channel = newChannel({ _id: '', memberId: '', transport: 'simulator', at: new Date(NOW) });
    return { ...channel.pace, sends: sent.map(when => ({ at: when, campaignId: null, firstContact: true })) };
  };

  it('begins again at midnight in the member’s zone, without any job', async () => {
    await addChannel({ pace: sends('2025-03-10T22:30:00Z', '2025-03-10T22:50:00Z', '2025-03-10T23:10:00Z') });
    clock.set('2025-03-10T22:55:00Z'); // 23:55 in Paris
    sent = sent.slice(0, 2);
    expect(await status()).toMatchObject({ messagesSentToday: 2 });
    clock.set('2025-03-10T23:00:00Z'); // midnight in Paris, an hour before midnight UTC
    expect(await status()).toMatchObject({ messagesSentToday: 0 });
    sent = [...sent, new Date('2025-03-10T23:10:00Z')];
    clock.set('2025-03-11T00:30:00Z'); // midnight UTC loses nothing
    expect(await status()).toMatchObject({ messagesSentToday: 1 });
  });

  it('goes by the member’s own zone', async () => {
    await me().put('/settings', { enabled: true });
    await members().updateOne({ _id: 'm1' }, { $set: { zone: 'America/New_York' } });
    await channels().deleteMany({});
    await addChannel({ pace: sends('2025-03-10T22:30:00Z') });
    clock.set('2025-03-11T03:30:00Z'); // 23:30 in New York
    expect(await status()).toMatchObject({ messagesSentToday: 1 });
    clock.set('2025-03-11T04:00:00Z');
    expect(await status()).toMatchObject({ messagesSentToday: 0 });
  });

  it('counts what went out, not what was tried', async () => {
    await addChannel({ pace: sends('2025-03-10T08:00:00Z', '2025-03-10T09:00:00Z') });
    sent = sent.slice(0, 1);
    expect(await status()).toMatchObject({ messagesSentToday: 1 });
  });
});

describe('PUT /settings and /pause', () => {
  it.each(['/settings', '/pause'])(
    '%s creates the member, and answers with the whole settings',
    async path => {
      const { body } = await me().put(path, { enrollmentPaused: true, unknown: 1 }).expect(200);
      const data = checked(settingsShape, body.data!);
      expect(data).toMatchObject({
        userId: 'm1',
        enabled: true,
        enrollmentPaused: true,
        sendingPaused: false,
        lastResetDate: new Date('2025-03-09T23:00:00Z'),
      });
      expect(data['_id']).toMatch(/^[0-9a-f]{24}$/);
      expect(await memberOf()).toMatchObject({ email: 'm1@example.org', enrollmentPaused: true });
    },
  );

  it.each([
    [{}, 'At least one of enabled, enrollmentPaused and sendingPaused is required'],
    [{ other: true }, 'At least one of enabled, enrollmentPaused and sendingPaused is required'],
    [undefined, 'At least one of enabled, enrollmentPaused and sendingPaused is required'],
    [{ enabled: 'yes' }, 'enabled must be true or false'],
    [{ enabled: true, sendingPaused: null }, 'sendingPaused must be true or false'],
    [[true], 'The body must be an object'],
  ])('%j is refused with a sentence', async (sentBody, message) => {
    const { body } = await me().put('/settings', sentBody).expect(400);
    expect(body).toMatchObject({ success: false, message });
    expect(await members().countDocuments()).toBe(0);
  });

  it('pauses the channel with its member: the alarm goes in the same write', async () => {
    await addChannel({ state: 'active', nextActionAt: new Date('2025-03-10T11:00:00Z') });
    await me().put('/pause', { sendingPaused: true }).expect(200);
    const channel = await channelOf();
    expect(channel.pauses).toEqual({ member: true, admin: false });
    expect(channel.nextActionAt).toBeUndefined();
    expect(woken).toEqual([]);
  });

  it('resumes with the alarm at once, and wakes whoever hosts the channel', async () => {
    await addChannel({ pauses: { member: true, admin: false } });
    await me().put('/pause', { sendingPaused: true });
    await me().put('/pause', { sendingPaused: false }).expect(200);
    expect(await channelOf()).toMatchObject({
      pauses: { member: false, admin: false },
      nextActionAt: new Date(NOW),
    });
    expect(woken).toEqual([channelIdOf('m1')]);
  });

  it('`enabled: false` is both pauses at once, and loses neither value', async () => {
    await addChannel();
    await me().put('/settings', { enrollmentPaused: true });
    await me().put('/settings', { enabled: false }).expect(200);
    expect((await channelOf()).pauses.member).toBe(true);
    expect(await status()).toMatchObject({ enabled: false, enrollmentPaused: true, sendingPaused: false });
    await me().put('/settings', { enabled: true });
    expect((await channelOf()).pauses.member).toBe(false);
    expect(await status()).toMatchObject({ enabled: true, enrollmentPaused: true, sendingPaused: false });
  });

  it('a pause that came before the first connect holds for the channel too', async () => {
    await me().put('/settings', { sendingPaused: true });
    expect(await channelOf()).toMatchObject({ state: 'inactive', pauses: { member: true, admin: false } });
    expect(await status()).toMatchObject({ state: 'inactive', whatsappStatus: 'disconnected' });
  });

  it('stays paused while one of the two still says so', async () => {
    await addChannel();
    await me().put('/settings', { enabled: false, sendingPaused: true });
    await me().put('/settings', { enabled: true });
    expect((await channelOf()).pauses.member).toBe(true);
  });

  it('leaves the admin’s pause alone', async () => {
    await addChannel({ pauses: { member: false, admin: true } });
    await me().put('/settings', { sendingPaused: true });
    await me().put('/settings', { sendingPaused: false });
    expect((await channelOf()).pauses).toEqual({ member: false, admin: true });
  });

  it('member and channel agree after many changes at once', async () => {
    await addChannel();
    const bodies = Array.from({ length: 30 }, (_, i) =>
      i % 3 === 0 ? { enabled: i % 2 === 0 } : { sendingPaused: i % 2 === 0 },
    );
    const answers = await Promise.all(bodies.map(body => me().put('/settings', body)));
    expect(new Set(answers.map(answer => answer.status))).toEqual(new Set([200]));
    const [member, channel] = [await memberOf(), await channelOf()];
    expect(channel.pauses.member).toBe(member.sendingPaused || !member.enabled);
  });
});

describe('PATCH /config', () => {
  it('creates the member, and answers with the status and what older pages look for', async () => {
    const { body } = await me()
      .patch('/config', { defaultCampaignPaused: true, maxMessagesPerDay: 20, maxTargetsPerCampaign: 10 })
      .expect(200);
    expect(body).toMatchObject({ success: true, message: 'Configuration updated successfully' });
    expect(checked(settingsShape, body.data!)).toMatchObject({
      userId: 'm1',
      defaultCampaignPaused: true,
      maxMessagesPerDay: 20,
      maxTargetsPerCampaign: 10,
      whatsappStatus: 'disconnected',
    });
  });

  it.each([
    [{ maxMessagesPerDay: 0 }],
    [{ maxMessagesPerDay: 101 }],
    [{ maxMessagesPerDay: 7.5 }],
    [{ maxTargetsPerCampaign: 9 }],
    [{ maxTargetsPerCampaign: 1001 }],
    [{}],
  ])('%j changes nothing', async change => {
    const { body } = await me().patch('/config', change).expect(200);
    expect(body.data).toMatchObject({ maxMessagesPerDay: 50, maxTargetsPerCampaign: 500 });
  });

  it.each([
    [{ maxMessagesPerDay: '20' }],
    [{ allowSimultaneousCampaigns: 1 }],
    [{ defaultCampaignPaused: 'no' }],
  ])('%j is refused', async change => {
    await me().patch('/config', change).expect(400);
  });

  it('allowing campaigns side by side lifts the automatic pause, forbidding it sets it again', async () => {
    filteredRuns = true;
    const change = async (body: object) => (await me().patch('/config', body)).body.data!;
    expect(await change({ allowSimultaneousCampaigns: false })).toMatchObject({
      defaultCampaignPaused: true,
    });
    expect(await change({ allowSimultaneousCampaigns: true })).toMatchObject({
      defaultCampaignPaused: false,
    });
    await change({ defaultCampaignPaused: true });
    expect(await change({ allowSimultaneousCampaigns: true })).toMatchObject({ defaultCampaignPaused: true });
  });

  it('a higher cap lets a channel that rests at its cap act again', async () => {
    await addChannel({ nextActionAt: new Date('2025-03-11T09:00:00Z') });
    await me().patch('/config', { maxMessagesPerDay: 60 });
    expect((await channelOf()).nextActionAt).toEqual(new Date(NOW));
    expect(woken).toEqual([channelIdOf('m1')]);
  });

  it('no field of the body widens what the token allows', async () => {
    await me().patch('/config', { userId: 'm2', _id: 'm2', maxMessagesPerDay: 10 }).expect(200);
    expect(await members().findOne({ _id: 'm2' })).toBeNull();
  });
});
