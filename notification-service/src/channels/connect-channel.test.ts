import { afterEach, beforeEach, expect, test } from 'vitest';
import { openChannelBed } from '../../test/channel-bed.ts';
import { manualClock } from '../../test/manual-clock.ts';
import { ask } from '../../test/test-http.ts';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import type { UserActor } from '../http/route.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { ChannelDoc } from './channel-model.ts';
import type { CommandAnswer, CommandRequest } from './command-model.ts';
import { connectChannel, type ConnectDeps } from './connect-channel.ts';

let stores: TestStores;
/** What the host answers, in order. */
let answers: (CommandAnswer | null)[];
let asked: CommandRequest[];
let deps: ConnectDeps;

const actor: UserActor = {
  kind: 'user',
  userId: 'm1',
  email: 'm1@example.org',
  role: 'user',
  name: null,
  isAdmin: false,
};
const docs = () => stores.db.collection<ChannelDoc>('channels');

beforeEach(async () => {
  stores = await openTestStores();
  [answers, asked] = [[], []];
  deps = {
    channels: docs(),
    clock: manualClock('2026-03-02T10:00:00Z'),
    rules: { qrSeconds: 20, maxAttempts: 5, cooldownMinutes: 120 },
    transportKind: 'simulator',
    note: () => Promise.resolve(),
    command: (_channelId, request) => {
      asked.push(request);
      return Promise.resolve(answers.shift() ?? null);
    },
    ensureMember: () => Promise.resolve(),
    askForHelp: () => Promise.resolve(),
  };
});
afterEach(() => stores.close());

const attemptsCounted = async () => (await docs().findOne({ _id: channelIdOf('m1') }))?.attempts.count;

test('no QR in time is a 504 with its sentence, and no attempt is counted', async () => {
  await expect(connectChannel(actor, undefined, deps)).rejects.toMatchObject({
    ...{ code: 'timeout', message: 'QR code generation timeout' },
  });
  answers = [{ kind: 'failed', reason: 'deadline', sentence: 'another sentence' }];
  await expect(connectChannel(actor, undefined, deps)).rejects.toMatchObject({
    ...{ code: 'timeout', message: 'QR code generation timeout' },
  });
  expect(await attemptsCounted()).toBe(0);
});

test('a kept login that is worth nothing is asked about once more, for a QR; twice is an answer', async () => {
  const unlinked = { kind: 'failed', reason: 'unlinked', sentence: 'Unlinked.' } as const;
  answers = [unlinked, { kind: 'qr', text: 'qr', validForMs: 20_000 }];
  expect(await connectChannel(actor, undefined, deps)).toMatchObject({ kind: 'qr', data: { attempt: 1 } });
  answers = [unlinked, unlinked];
  await expect(connectChannel(actor, undefined, deps)).rejects.toMatchObject({ code: 'unavailable' });
});

test('every host with room is busy: 503, to be asked again', async () => {
  answers = [{ kind: 'no_capacity' }];
  await expect(connectChannel(actor, undefined, deps)).rejects.toMatchObject({
    ...{ code: 'unavailable', retryAfterSeconds: 60 },
  });
  expect(await attemptsCounted()).toBe(0);
});

test('during a cooldown no host is asked, unless a login is kept', async () => {
  answers = [{ kind: 'connected' }];
  expect(await connectChannel(actor, undefined, deps)).toEqual({ kind: 'connected' });
  const cooldownUntil = new Date('2026-03-02T11:00:00Z');
  await docs().updateOne({}, { $set: { 'attempts.cooldownUntil': cooldownUntil } });
  await expect(connectChannel(actor, undefined, deps)).rejects.toMatchObject({
    ...{
      code: 'rate_limited',
      retryAfterSeconds: 3_600,
      details: { cooldownUntil: cooldownUntil.toISOString() },
    },
  });
  expect(asked).toHaveLength(1);
  await docs().updateOne({}, { $set: { hasLogin: true } });
  answers = [{ kind: 'connected' }];
  expect(await connectChannel(actor, undefined, deps)).toEqual({ kind: 'connected' });
});

test('a QR with under ten seconds left is not handed out: the next one is awaited', async () => {
  const bed = await openChannelBed({ qrLifeMs: 11_000 });
  try {
    const one = await bed.instance();
    const qrOf = async () =>
      (await ask(one.http, 'm1').post('/connect').expect(200)).body.data as { qr: string };
    const first = await qrOf();
    const [shown] = await bed.waiting();
    await new Promise(resolve => setTimeout(resolve, 1_500));
    expect((await bed.waiting())[0]!.qr).toBe(shown!.qr);
    const second = await qrOf();
    expect(second.qr).not.toBe(first.qr);
    expect((await bed.waiting())[0]!.qr).not.toBe(shown!.qr);
  } finally {
    await bed.close();
  }
});
