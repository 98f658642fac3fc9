import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openChannelBed, type BedInstance, type ChannelBed } from '../../test/channel-bed.ts';
import { ask } from '../../test/test-http.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { ChannelDoc } from './index.ts';
import type { InstanceDoc } from './instance-model.ts';

const PHONE = '33600000001';
const FRIEND = '33611111111';
let bed: ChannelBed;
beforeEach(async () => {
  bed = await openChannelBed();
});
afterEach(() => bed.close());

const docs = () => bed.stores.db.collection<ChannelDoc>('channels');
const instances = () => bed.stores.db.collection<InstanceDoc>('instances');
const isHeldBy = (one: BedInstance) => (channel: ChannelDoc) =>
  channel.owner.instance === one.channels.host.instanceId && channel.sessionReadyAt !== null;
/** Clocks that a test can stop and move, as SIGSTOP and SIGCONT would. */
function ownClocks() {
  let aheadMs = 0;
  return {
    jump: (ms: number) => void (aheadMs += ms),
    clocks: { monotonicMs: () => performance.now() + aheadMs, wallMs: () => Date.now() + aheadMs },
  };
}

test('who leaves gives its channels up, closes its sessions, removes its heartbeat; another takes them', async () => {
  const one = await bed.instance();
  const { _id } = await bed.link(one, 'm1', PHONE);
  const two = await bed.instance();
  const order = one.told.length;
  await one.stop();
  expect(one.told.slice(order)).toContain('endSending');
  expect(one.channels.host.hosted(_id)).toBeNull();
  expect(await instances().findOne({ _id: one.channels.host.instanceId })).toBeNull();
  const taken = await bed.until('m1', isHeldBy(two), 'taken');
  expect(taken).toMatchObject({ owner: { epoch: 2 }, sessionSerial: 2, state: 'warming' });
});

test('after a restart the kept logins are opened by themselves, without a QR', async () => {
  const one = await bed.instance();
  await bed.link(one, 'm1', PHONE);
  await bed.link(one, 'm2', '33600000002');
  await one.stop();
  expect(await bed.channelOf('m1')).toMatchObject({
    owner: { instance: null },
    state: 'warming',
    hasLogin: true,
  });
  const two = await bed.instance();
  await bed.until('m1', isHeldBy(two), 'open again');
  await bed.until('m2', isHeldBy(two), 'open again');
  expect(await bed.waiting()).toEqual([]);
});

test('an instance that slept is taken for dead; when it wakes it closes its sessions first and returns as another', async () => {
  const { clocks, jump } = ownClocks();
  const one = await bed.instance({ deps: { clocks } });
  const { _id } = await bed.link(one, 'm1', PHONE);
  const former = one.channels.host.instanceId;
  const held = one.channels.host.held(_id)!.session;
  // Asleep: by its own clocks a long time passed, and the store has not heard of it for as long.
  jump(60_000);
  expect(one.channels.host.isActing()).toBe(false);
  await instances().updateOne({ _id: former }, { $set: { heartbeatAt: new Date(0) } });
  const two = await bed.instance();
  await vi.waitFor(() => expect(held.alive).toBe(false));
  await vi.waitFor(() => expect(one.channels.host.instanceId).not.toBe(former));
  const taken = await bed.until(
    'm1',
    channel => channel.owner.epoch > 1 && channel.sessionReadyAt !== null,
    'taken',
  );
  expect([one, two].map(each => each.channels.host.instanceId)).toContain(taken.owner.instance);
  await vi.waitFor(async () => expect(await instances().findOne({ _id: former })).toBeNull(), 5_000);
});

test('an instance that was marked as dead cannot renew any more, even when it never slept', async () => {
  const one = await bed.instance();
  const { _id } = await bed.link(one, 'm1', PHONE);
  const former = one.channels.host.instanceId;
  await instances().updateOne({ _id: former }, { $currentDate: { deadAt: true } });
  await vi.waitFor(() => expect(one.channels.host.instanceId).not.toBe(former));
  await bed.until('m1', isHeldBy(one), 'held again');
  expect(one.channels.host.held(_id)).toMatchObject({ epoch: 2, serial: 2 });
});

test('whose epoch has passed on closes its session at once, and writes nothing any more', async () => {
  const one = await bed.instance();
  const { _id } = await bed.link(one, 'm1', PHONE);
  const { session } = one.channels.host.held(_id)!;
  await docs().updateOne({ _id }, { $set: { owner: { instance: 'somebody', epoch: 7 }, state: 'error' } });
  await vi.waitFor(() => expect(session.alive).toBe(false), 5_000);
  expect(one.channels.host.held(_id)).toBeNull();
  expect(await bed.channelOf('m1')).toMatchObject({
    owner: { instance: 'somebody', epoch: 7 },
    state: 'error',
  });
});

test('a channel with a turn is not taken by who looks for free ones; recovery tells the host that it is its', async () => {
  const one = await bed.instance();
  const { _id } = await bed.link(one, 'm1', PHONE);
  await one.stop();
  const turn = { token: 't', subject: { kind: 'outgoing' as const, id: 'x' }, takenAt: new Date() };
  await docs().updateOne({ _id }, { $set: { turn, 'owner.instance': 'gone' } });
  const two = await bed.instance();
  await new Promise(resolve => setTimeout(resolve, 2_500));
  expect(await bed.channelOf('m1')).toMatchObject({ owner: { instance: 'gone', epoch: 1 } });
  // As delivery's recovery does it.
  await docs().updateOne({ _id }, { $set: { owner: { instance: two.channels.host.instanceId, epoch: 2 } } });
  await two.channels.host.adopt(_id, 2);
  await bed.until('m1', isHeldBy(two), 'held');
  expect(two.channels.host.held(_id)).toMatchObject({ epoch: 2, serial: 2 });
  // Held already: its session stays, under the new epoch.
  const { session } = two.channels.host.held(_id)!;
  await docs().updateOne({ _id }, { $set: { 'owner.epoch': 3 } });
  await two.channels.host.adopt(_id, 3);
  expect(two.channels.host.held(_id)).toMatchObject({ epoch: 3, session });
});

test('what another instance had in between is opened anew: that it pushed our session out is no news', async () => {
  const one = await bed.instance();
  const { _id } = await bed.link(one, 'm1', PHONE);
  const { instanceId } = one.channels.host;
  const { session } = one.channels.host.held(_id)!;
  const turn = { token: 't', subject: { kind: 'outgoing' as const, id: 'x' }, takenAt: new Date() };
  // Somebody else took it over (epoch 2), and we took it back (3) before we heard of it.
  await docs().updateOne({ _id }, { $set: { turn, owner: { instance: instanceId, epoch: 3 } } });
  await one.channels.host.adopt(_id, 3);
  await vi.waitFor(() => expect(one.channels.host.held(_id)).toMatchObject({ epoch: 3, serial: 2 }), 5_000);
  expect(session.alive).toBe(false);
  expect(await bed.channelOf('m1')).toMatchObject({
    owner: { instance: instanceId, epoch: 3 },
    state: 'warming',
  });
});

test('restart closes the session and opens a newer one', async () => {
  const one = await bed.instance();
  const { _id } = await bed.link(one, 'm1', PHONE);
  const before = one.channels.host.held(_id)!;
  await one.channels.host.restart(_id);
  expect(before.session.alive).toBe(false);
  expect(one.channels.host.held(_id)).toMatchObject({ serial: before.serial + 1, epoch: before.epoch });
});

test('a crash in the middle is followed by a reopening; an unlinked phone by a sentence and the end', async () => {
  const one = await bed.instance();
  const { _id } = await bed.link(one, 'm1', PHONE);
  await bed.control('POST', '/control/faults', { phone: FRIEND, kind: 'accepted-then-crash' });
  const { session } = one.channels.host.held(_id)!;
  const chat = await session.lookUp(FRIEND);
  await session.send(chat!.chatId, { text: 'Bonjour', media: null }, null);
  await bed.until(
    'm1',
    ({ sessionSerial, sessionReadyAt }) => sessionSerial === 2 && sessionReadyAt !== null,
    'back',
  );
  expect(await bed.channelOf('m1')).toMatchObject({ state: 'warming', connectionFailureCount: 0 });

  const events = await bed.listen('m1');
  const [device] = ((await bed.control('GET', '/control/state')) as { devices: { device: string }[] })
    .devices;
  await bed.control('POST', `/control/links/${device!.device}/unlink`);
  const lost = await bed.until('m1', ({ state }) => state === 'disconnected', 'unlinked');
  expect(lost).toMatchObject({
    ...{ stateReason: 'unlinked', hasLogin: false, connectionFailureCount: 3, owner: { instance: null } },
    lastConnectionFailure: { reason: 'unlinked' },
  });
  const sentence = 'WhatsApp was unlinked on the phone. Connect again by scanning a new code.';
  await vi.waitFor(() => expect(one.told).toContain(`needsHuman ${sentence}`));
  await vi.waitFor(() =>
    expect(events.at(-1)?.data).toEqual({ state: 'disconnected', reason: 'unlinked', sentence }),
  );
  expect(one.channels.host.hosted(_id)).toBeNull();
});

test('another browser takes the session over: it is stopped, the login is kept, and asking opens it again', async () => {
  const one = await bed.instance();
  await bed.link(one, 'm1', PHONE);
  const [device] = ((await bed.control('GET', '/control/state')) as { devices: { device: string }[] })
    .devices;
  await bed.control('POST', `/control/links/${device!.device}/conflict`);
  const stopped = await bed.until('m1', ({ state }) => state === 'error', 'replaced');
  expect(stopped).toMatchObject({ stateReason: 'replaced', hasLogin: true, owner: { instance: null } });
  await new Promise(resolve => setTimeout(resolve, 2_500));
  expect(await bed.channelOf('m1')).toMatchObject({ state: 'error', sessionSerial: 1 });
  const answer = await ask(one.http, 'm1').post('/connect').expect(200);
  expect(answer.body.message).toBe('WhatsApp already connected');
});

test('a login that was unlinked while nobody looked: asking to connect shows a QR', async () => {
  const one = await bed.instance();
  await bed.link(one, 'm1', PHONE);
  await ask(one.http, 'm1').delete('/disconnect').expect(200);
  const [device] = ((await bed.control('GET', '/control/state')) as { devices: { device: string }[] })
    .devices;
  await bed.control('POST', `/control/links/${device!.device}/unlink`);
  const answer = await ask(one.http, 'm1').post('/connect').expect(200);
  expect(answer.body.data).toMatchObject({
    attempt: 1,
    qr: expect.stringContaining('data:image/png') as string,
  });
});

test('what somebody writes is handed on, again and again while the store is away', async () => {
  let failures = 2;
  const heard: string[] = [];
  const one = await bed.instance({
    deps: {
      onMessage: (_channelId, { text }) => {
        if ((failures -= 1) >= 0) return Promise.reject(new Error('away'));
        heard.push(text);
        return Promise.resolve();
      },
    },
  });
  await bed.link(one, 'm1', PHONE);
  await bed.control('POST', `/control/numbers/${FRIEND}/say`, { to: PHONE, text: 'STOP' });
  await vi.waitFor(() => expect(heard).toEqual(['STOP']), 5_000);
});

test('a dead instance’s scan in the middle is taken up; a code that nobody can scan any more is not waited for', async () => {
  const base = { owner: { instance: 'dead', epoch: 4 } };
  const one = await bed.instance({ apiOnly: true });
  await ask(one.http, 'm1').delete('/disconnect');
  await instances().insertOne({ _id: 'dead', startedAt: new Date(0), heartbeatAt: new Date(0), free: 1 });
  const { newChannel } = await import('./index.ts');
  const at = bed.clock.now();
  const channel = (memberId: string, more: Partial<ChannelDoc>): ChannelDoc => ({
    ...newChannel({ _id: channelIdOf(memberId), memberId, transport: 'simulator', at }),
    ...base,
    ...more,
  });
  await docs().insertMany([
    channel('m1', { state: 'authenticating' }),
    channel('m2', { state: 'qr_pending' }),
    channel('m3', { state: 'error', hasLogin: true }),
  ]);
  await bed.instance();
  await bed.until('m1', ({ state, owner }) => state === 'qr_pending' && owner.epoch === 5, 'taken up');
  expect(await bed.until('m2', ({ owner }) => owner.instance === null, 'given up')).toMatchObject({
    state: 'inactive',
  });
  expect(await bed.until('m3', ({ owner }) => owner.instance === null, 'given up')).toMatchObject({
    state: 'error',
  });
  await vi.waitFor(async () => expect(await instances().findOne({ _id: 'dead' })).toBeNull(), 5_000);
});
