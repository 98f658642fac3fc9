import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openChannelBed, type ChannelBed } from '../../test/channel-bed.ts';
import { ask } from '../../test/test-http.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { ChannelDoc } from './index.ts';

const PHONE = '33600000001';
let bed: ChannelBed;
beforeEach(async () => {
  bed = await openChannelBed();
});
afterEach(() => bed.close());

const dataOf = (answer: { body: { data?: unknown } }) => answer.body.data as Record<string, unknown>;
const patch = (memberId: string, set: object) =>
  bed.stores.db.collection<ChannelDoc>('channels').updateOne({ _id: channelIdOf(memberId) }, { $set: set });
/** The countdown of the present attempt is over. */
const endAttempt = (memberId: string) => patch(memberId, { 'attempts.endsAt': new Date(0) });

test('a member asks for a QR, scans it, and is connected', async () => {
  const one = await bed.instance();
  const events = await bed.listen('m1');
  const answer = await ask(one.http, 'm1').post('/connect').expect(200);
  expect(dataOf(answer)).toEqual({
    qr: expect.stringMatching(/^data:image\/png;base64,/) as string,
    expiresInSeconds: 20,
    attempt: 1,
    maxAttempts: 5,
  });
  await bed.scan(PHONE);
  const channel = await bed.until('m1', ({ state }) => state === 'warming', 'warming');
  expect(channel).toMatchObject({
    ...{ phone: PHONE, hasLogin: true, sessionSerial: 1, stateReason: null, linkedAt: bed.clock.now() },
    owner: { instance: one.channels.host.instanceId, epoch: 1 },
    nextActionAt: bed.clock.now(),
    attempts: { count: 0, cooldownUntil: null },
  });
  await vi.waitFor(() => expect(one.told).toContain('wakePump'));
  expect(one.channels.host.held(channel._id)).toMatchObject({
    serial: 1,
    epoch: 1,
    identity: { phone: PHONE },
  });
  await vi.waitFor(() => {
    const states = events
      .filter(({ type }) => type === 'state')
      .map(({ data }) => (data as { state: string }).state);
    expect(states).toEqual(['initializing', 'qr_pending', 'authenticating', 'warming']);
  });
  const qr = events.find(({ type }) => type === 'qr');
  expect(qr).toMatchObject({ id: null, data: { qr: expect.stringMatching(/^data:image\/png/) as string } });

  const again = await ask(one.http, 'm1').post('/retry').expect(200);
  expect(again.body).toMatchObject({
    message: 'WhatsApp already connected',
    data: { alreadyConnected: true, whatsappStatus: 'connected' },
  });
  const history = await ask(one.http, 'm1').get('/connection/history').expect(200);
  expect(history.body.data).toMatchObject([{ event: 'connected', reason: null }]);
});

test('a number in use for long is active at once, as far as the network tells', async () => {
  const since = new Date(bed.clock.now().getTime() - 60 * 86_400_000);
  await bed.control('POST', '/control/numbers', {
    phone: PHONE,
    registered: true,
    since: since.toISOString(),
  });
  const channel = await bed.link(await bed.instance(), 'm1', PHONE);
  expect(channel).toMatchObject({ state: 'active', inUseSince: since });
});

test('within one attempt each request gets the same attempt and the QR of this moment; two at once are one', async () => {
  const one = await bed.instance();
  const answers = await Promise.all([
    ask(one.http, 'm1').post('/connect'),
    ask(one.http, 'm1').post('/connect'),
  ]);
  for (const answer of answers) expect(dataOf(answer)).toMatchObject({ attempt: 1 });
  await patch('m1', { 'attempts.endsAt': new Date(Date.now() + 7_000) });
  const again = await ask(one.http, 'm1').post('/connect').expect(200);
  expect(dataOf(again)).toMatchObject({ attempt: 1, expiresInSeconds: 7, qr: dataOf(answers[0]).qr });
  expect(await bed.waiting()).toHaveLength(1);
});

test('five unscanned attempts, then a cooldown with one help request; it survives a restart and ends', async () => {
  const one = await bed.instance();
  for (const attempt of [1, 2, 3, 4, 5]) {
    expect(dataOf(await ask(one.http, 'm1').post('/connect').expect(200))).toMatchObject({ attempt });
    await endAttempt('m1');
  }
  const cooldownUntil = '2026-03-02T12:00:00.000Z';
  const refused = await ask(one.http, 'm1').post('/connect').expect(429);
  expect(refused.body).toMatchObject({ success: false, details: { cooldownUntil } });
  expect(refused.headers['retry-after']).toBe('7200');
  await one.stop();

  const two = await bed.instance();
  bed.clock.advance(60 * 60_000);
  const later = await ask(two.http, 'm1').post('/connect').expect(429);
  expect(later.body).toMatchObject({ details: { cooldownUntil } });
  expect(later.headers['retry-after']).toBe('3600');
  const help = await bed.stores.db.collection('help_requests').find().toArray();
  expect(help).toMatchObject([
    {
      kind: 'by itself',
      body: {
        phone_number: '',
        username: 'm1@example.org',
        message: 'Connection help needed for m1@example.org. Retry count: 5',
      },
    },
  ]);
  bed.clock.advance(60 * 60_000);
  expect(dataOf(await ask(two.http, 'm1').post('/connect').expect(200))).toMatchObject({ attempt: 1 });
});

test('a pairing code links the phone that was typed, and only a valid number gets one', async () => {
  const one = await bed.instance();
  const wrong = await ask(one.http, 'm1').post('/connect', { phoneNumber: '12' }).expect(400);
  expect(wrong.body.message).toBe('This phone number is not valid. Please write it with its country code.');
  const answer = await ask(one.http, 'm1').post('/connect', { phoneNumber: '+33 6 12 34 56 78' }).expect(200);
  const { pairingCode } = dataOf(answer);
  expect(pairingCode).toMatch(/^[0-9A-Z]{8}$/);
  await bed.control('POST', '/control/links/code', { code: pairingCode, phone: '33612345678' });
  await bed.until('m1', ({ state, phone }) => state === 'warming' && phone === '33612345678', 'connected');
});

test('neither the QR nor the pairing code stands in any document, in any kept event or key', async () => {
  const one = await bed.instance();
  const answer = await ask(one.http, 'm1').post('/connect', { phoneNumber: '+33612345678' }).expect(200);
  const [link] = await bed.waiting();
  const secrets = [
    link!.qr.split(',')[0]!,
    dataOf(answer).pairingCode as string,
    (dataOf(answer).qr as string).slice(30, 90),
  ];
  const { db, redis, keyPrefix } = bed.stores;
  let seen = '';
  for (const { name } of await db.listCollections().toArray()) {
    seen += JSON.stringify(await db.collection(name).find().toArray());
  }
  for await (const keys of redis.scanStream({ match: `*${keyPrefix}*` })) {
    for (const key of keys as string[]) {
      seen += key;
      if ((await redis.type(key)) === 'stream') seen += JSON.stringify(await redis.xrange(key, '-', '+'));
      if ((await redis.type(key)) === 'hash') seen += JSON.stringify(await redis.hgetall(key));
      if ((await redis.type(key)) === 'string') seen += (await redis.get(key)) ?? '';
    }
  }
  expect(seen).toContain('qr_pending');
  for (const secret of secrets) expect(seen).not.toContain(secret);
});

test('a number that belongs to another member is refused after the scan and unlinked at once', async () => {
  const one = await bed.instance();
  await bed.link(one, 'm1', PHONE);
  const events = await bed.listen('m2');
  await ask(one.http, 'm2').post('/connect').expect(200);
  await bed.scan(PHONE);
  const refused = await bed.until('m2', ({ state }) => state === 'error', 'refused');
  expect(refused).toMatchObject({
    stateReason: 'other_member',
    hasLogin: false,
    phoneHash: null,
    owner: { instance: null },
  });
  await vi.waitFor(() =>
    expect(events.at(-1)?.data).toMatchObject({
      state: 'error',
      sentence: expect.stringContaining('already connected to another account') as string,
    }),
  );
  await vi.waitFor(async () => {
    expect(one.channels.host.hosted(channelIdOf('m2'))).toBeNull();
    expect(await bed.stores.db.collection('channel_logins').countDocuments()).toBe(1);
  });
  expect(await bed.channelOf('m1')).toMatchObject({ state: 'warming', phone: PHONE });
  await ask(one.http, 'm2').post('/connect').expect(200);
});

test('two members who scan with one number at the same moment: one of them gets it', async () => {
  const one = await bed.instance();
  await ask(one.http, 'm1').post('/connect').expect(200);
  await ask(one.http, 'm2').post('/connect').expect(200);
  const links = await bed.waiting();
  await Promise.all(
    links.map(({ device }) => bed.control('POST', `/control/links/${device}/scan`, { phone: PHONE })),
  );
  const settled = (state: string) => state === 'warming' || state === 'error';
  const both = [
    await bed.until('m1', ({ state }) => settled(state), 'settled'),
    await bed.until('m2', ({ state }) => settled(state), 'settled'),
  ];
  expect(both.map(({ state }) => state).sort()).toEqual(['error', 'warming']);
});

test('when every slot is busy the answer is 503 with Retry-After, and no attempt is counted', async () => {
  const one = await bed.instance({ environment: { RELANCE_MAX_CONCURRENT_SESSIONS: '1' } });
  await ask(one.http, 'm1').post('/connect').expect(200);
  const busy = await ask(one.http, 'm2').post('/connect').expect(503);
  expect(Number(busy.headers['retry-after'])).toBeGreaterThan(0);
  expect((await bed.channelOf('m2')).attempts.count).toBe(0);
});

test('a session that nobody asks for is closed a minute after the last request, unless a scan has begun', async () => {
  let aheadMs = 0;
  const clocks = { monotonicMs: () => performance.now() + aheadMs, wallMs: () => Date.now() + aheadMs };
  // The heart must survive the jump of its clock.
  const one = await bed.instance({ deps: { clocks }, environment: { INSTANCE_DEAD_AFTER_MS: '600000' } });
  await ask(one.http, 'm1').post('/connect').expect(200);
  aheadMs = 50_000;
  await new Promise(resolve => setTimeout(resolve, 2_200));
  expect(await bed.channelOf('m1')).toMatchObject({ state: 'qr_pending' });
  aheadMs = 61_000;
  expect(await bed.until('m1', ({ state }) => state === 'inactive', 'closed')).toMatchObject({
    stateReason: 'link_timeout',
    owner: { instance: null },
    connectionFailureCount: 0,
  });
  await vi.waitFor(async () => expect(await bed.waiting()).toEqual([]));
  expect(dataOf(await ask(one.http, 'm1').post('/connect').expect(200))).toMatchObject({ attempt: 1 });
});

test('disconnecting keeps the login: status says so at once, and connecting again needs no QR', async () => {
  const one = await bed.instance();
  const { _id } = await bed.link(one, 'm1', PHONE);
  const answer = await ask(one.http, 'm1').delete('/disconnect').expect(200);
  expect(answer.body.message).toBe('WhatsApp disconnected successfully');
  const channel = await bed.channelOf('m1');
  expect(channel).toMatchObject({
    ...{ state: 'disconnected', hasLogin: true, owner: { instance: null }, connectionFailureCount: 0 },
  });
  expect(channel.owner.epoch).toBeGreaterThan(1);
  expect(one.channels.host.held(_id)).toBeNull();
  const again = await ask(one.http, 'm1').post('/connect').expect(200);
  expect(again.body.message).toBe('WhatsApp already connected');
  expect(await bed.channelOf('m1')).toMatchObject({ sessionSerial: 2, linkedAt: channel.linkedAt });
});

test('disconnecting with force unlinks the device and deletes the login; the next connect shows a QR', async () => {
  const one = await bed.instance();
  await bed.link(one, 'm1', PHONE);
  bed.clock.advance(1_000);
  const answer = await ask(one.http, 'm1').delete('/disconnect', { force: true }).expect(200);
  expect(answer.body.message).toBe('WhatsApp session completely reset');
  expect(await bed.channelOf('m1')).toMatchObject({
    state: 'inactive',
    hasLogin: false,
    phone: null,
    phoneHash: null,
  });
  expect(await bed.stores.db.collection('channel_logins').countDocuments()).toBe(0);
  const { devices } = (await bed.control('GET', '/control/state')) as { devices: unknown[] };
  expect(devices).toEqual([]);
  const history = await ask(one.http, 'm1').get('/connection/history').expect(200);
  expect(history.body.data).toMatchObject([{ event: 'reset', reason: null }, { event: 'connected' }]);
  expect(dataOf(await ask(one.http, 'm1').post('/connect').expect(200))).toHaveProperty('qr');
});

test('disconnecting somebody who never connected is a success', async () => {
  const one = await bed.instance();
  await ask(one.http, 'nobody').delete('/disconnect').expect(200);
  await ask(one.http, 'nobody').delete('/disconnect', { force: true }).expect(200);
});

test('an api process has no sessions: its commands are done by the instance that hosts the channel, or has room', async () => {
  const api = await bed.instance({ apiOnly: true });
  const full = await bed.instance({ environment: { RELANCE_MAX_CONCURRENT_SESSIONS: '1' } });
  await ask(api.http, 'm0').post('/connect').expect(200);
  const sender = await bed.instance();
  for (const member of ['m1', 'm2', 'm3', 'm4']) await ask(api.http, member).post('/connect').expect(200);
  const owners = await Promise.all(
    ['m0', 'm1', 'm2', 'm3', 'm4'].map(async member => (await bed.channelOf(member)).owner.instance),
  );
  expect(owners[0]).toBe(full.channels.host.instanceId);
  expect(new Set(owners.slice(1))).toEqual(new Set([sender.channels.host.instanceId]));
});
