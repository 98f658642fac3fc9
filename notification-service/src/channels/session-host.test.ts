import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { createEvents, type Events } from '../platform/events.ts';
import { createLogger } from '../platform/logger.ts';
import { newChannel, type ChannelDoc } from './channel-model.ts';
import { connectionNotes } from './connection-history.ts';
import { createSessionHost, type Host } from './session-host.ts';
import { TransportError, type OpenSession, type Session, type Transport } from './transport.ts';

let stores: TestStores;
let events: Events;
let host: Host;
/** Every session that was opened, oldest first. */
let opened: { args: OpenSession; alive: boolean }[];
let mostAtOnce: number;
let openWith: () => Promise<void>;
let told: string[];

const IDENTITY = { phone: '33600000001', lid: null, inUseSince: null };
const docs = () => stores.db.collection<ChannelDoc>('channels');

/** Sessions that do what the test says, and count how many are alive at once. */
const transport: Transport = {
  ...{
    kind: 'simulator',
    sleeps: false,
    forget: channelId => Promise.resolve(void told.push(`forget ${channelId}`)),
  },
  async open(args) {
    await openWith();
    const session = { args, alive: true };
    opened.push(session);
    mostAtOnce = Math.max(mostAtOnce, opened.filter(({ alive }) => alive).length);
    const end = async () => {
      await new Promise(resolve => setTimeout(resolve, 5));
      session.alive = false;
      args.on.closed('closed');
    };
    return {
      get alive() {
        return session.alive;
      },
      close: end,
      unlink: () => end().then(() => ({ unlinked: true })),
    } as Session;
  },
};

beforeEach(async () => {
  stores = await openTestStores();
  events = createEvents({ redis: stores.redis, prefix: stores.keyPrefix });
  [opened, told, mostAtOnce, openWith] = [[], [], 0, () => Promise.resolve()];
  const clock = manualClock('2026-03-02T10:00:00Z');
  host = createSessionHost({
    ...{ transport, clock, events, channels: docs(), note: connectionNotes(stores.db) },
    clocks: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
    // Waits of 10, 20, 40, 80 and 160 ms between the reopenings.
    random: () => -0.49,
    logger: createLogger({ level: 'error' }),
    hasher: phone => `hash of ${phone}`,
    ...{ maxSessions: 10, warmup: true },
    instanceId: () => 'me',
    isActing: () => true,
    onMessage: () => Promise.resolve(),
    onReceipt: () => Promise.resolve(),
    wakePump: () => undefined,
    needsHuman: (_channel, sentence) => void told.push(sentence),
  });
  await docs().insertOne({
    ...newChannel({ _id: 'c', memberId: 'm', transport: 'simulator', at: clock.now() }),
    ...{ hasLogin: true, state: 'connecting', owner: { instance: 'me', epoch: 1 } },
  });
});
afterEach(async () => {
  await host.releaseAll();
  await events.close();
  await stores.close();
});

const held = { _id: 'c', memberId: 'm', hasLogin: true };
const channel = async (): Promise<ChannelDoc> => (await docs().findOne({ _id: 'c' }))!;

test('there are never two sessions of one channel, however often and fast it is held, restarted and released', async () => {
  host.hold(held, 1);
  host.hold(held, 1);
  const released = host.release('c');
  const last = host.hold(held, 1);
  // One that is opening is newer than any before: it is waited for.
  const restarted = host.restart('c');
  await released;
  await vi.waitFor(() => expect(opened.filter(({ alive }) => alive)).toHaveLength(1));
  expect(mostAtOnce).toBe(1);
  expect(host.hosted('c')).toBe(last);
  opened.at(-1)!.args.on.ready(IDENTITY);
  await restarted;
  expect(host.held('c')).toMatchObject({ serial: 1 });
  void host.restart('c');
  await vi.waitFor(() => expect(last.closed).toBe('closed'));
  await vi.waitFor(() => expect(opened.filter(({ alive }) => alive)).toHaveLength(1));
  expect(mostAtOnce).toBe(1);
});

test('one that does not open is tried again five times in a row, then it waits for a human', async () => {
  openWith = () => Promise.reject(new TransportError('launch', 'Nobody answers.'));
  host.hold(held, 1);
  await vi.waitFor(() => expect(host.hosted('c')).toBeNull(), 10_000);
  const rows = await stores.db.collection('connection_history').find({ event: 'closed' }).toArray();
  expect(rows).toHaveLength(6);
  expect(await channel()).toMatchObject({
    ...{ stateReason: 'lost', hasLogin: true, owner: { instance: null, epoch: 1 } },
    // Kept: the app says that no new scan is needed.
    connectionFailureCount: 2,
  });
  expect(told).toEqual(['The connection to WhatsApp could not be opened again. Please connect once more.']);
});

test('one that becomes ready and crashes at once, again and again, comes to an end as well', async () => {
  host.hold(held, 1);
  for (let n = 1; n <= 6; n += 1) {
    await vi.waitFor(() => expect(opened).toHaveLength(n), 5_000);
    const session = opened.at(-1)!;
    session.args.on.ready(IDENTITY);
    session.alive = false;
    session.args.on.closed('crashed');
  }
  await vi.waitFor(async () =>
    expect(await channel()).toMatchObject({ state: 'error', stateReason: 'crashed' }),
  );
  expect(await channel()).toMatchObject({
    sessionSerial: 6,
    connectionFailureCount: 0,
    sessionReadyAt: null,
  });
});

test('a lost line that comes back is the same session: its serial does not rise', async () => {
  host.hold(held, 1);
  await vi.waitFor(() => expect(opened).toHaveLength(1));
  const { on } = opened[0]!.args;
  on.ready(IDENTITY);
  await vi.waitFor(async () => expect(await channel()).toMatchObject({ state: 'warming', sessionSerial: 1 }));
  on.away();
  await vi.waitFor(async () =>
    expect(await channel()).toMatchObject({ state: 'connecting', sessionReadyAt: null }),
  );
  on.ready(IDENTITY);
  await vi.waitFor(async () => expect(await channel()).toMatchObject({ state: 'warming', sessionSerial: 1 }));
  const rows = await stores.db.collection('connection_history').find({ event: 'connected' }).toArray();
  expect(rows).toHaveLength(1);
});

test('the day of the first link is kept when the same number links again, and begins anew with another number', async () => {
  const linkedAt = new Date('2026-01-01T00:00:00Z');
  await docs().updateOne({ _id: 'c' }, { $set: { linkedAt, phoneHash: `hash of ${IDENTITY.phone}` } });
  host.hold(held, 1);
  await vi.waitFor(() => expect(opened).toHaveLength(1));
  opened[0]!.args.on.ready(IDENTITY);
  await vi.waitFor(async () => expect(await channel()).toMatchObject({ state: 'active', linkedAt }));
  opened[0]!.args.on.ready({ ...IDENTITY, phone: '33600000002' });
  await vi.waitFor(async () =>
    expect(await channel()).toMatchObject({ state: 'warming', linkedAt: new Date('2026-03-02T10:00:00Z') }),
  );
});

test('news of a session that is over, or of a channel that is somebody else’s, changes nothing', async () => {
  host.hold(held, 1);
  await vi.waitFor(() => expect(opened).toHaveLength(1));
  const { on } = opened[0]!.args;
  await host.release('c');
  on.ready(IDENTITY);
  host.hold(held, 1);
  await vi.waitFor(() => expect(opened).toHaveLength(2));
  await docs().updateOne({ _id: 'c' }, { $set: { 'owner.epoch': 2 } });
  opened[1]!.args.on.ready(IDENTITY);
  await vi.waitFor(() => expect(opened[1]!.alive).toBe(false));
  expect(await channel()).toMatchObject({ state: 'connecting', sessionSerial: 0, owner: { epoch: 2 } });
});
