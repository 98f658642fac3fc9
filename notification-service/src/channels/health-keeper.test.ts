import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { outgoingModel } from '../delivery/outgoing-model.ts';
import { enrollmentModel } from '../enrollments/enrollment-model.ts';
import { inboundMessageModel } from '../inbound/inbound-message-model.ts';
import { createLogger } from '../platform/logger.ts';
import type { ChannelDoc } from './channel-model.ts';
import { newChannel } from './channel-model.ts';
import { connectionHistoryModel } from './connection-history.ts';
import type { Attempted } from './health-attempts.ts';
import { createHealth } from './health-keeper.ts';
import type { Health } from './health-keeper.ts';
import type { HealthChange } from './health-refresh.ts';
import { gatherSignals } from './health-signals.ts';
import { brakesOf } from './health.ts';
import { warmupLevel } from './warm-up.ts';

const NOON = '2026-03-10T12:00:00Z';
const HOUR = 3_600_000;
const clock = manualClock(NOON);
let stores: TestStores;
let changes: HealthChange[] = [];
let published: unknown[] = [];
let woken: string[] = [];

beforeAll(async () => {
  stores = await openTestStores();
  await stores.buildIndexes();
});
afterAll(() => stores.close());

const build = () =>
  createHealth({
    db: stores.db,
    clock,
    logger: createLogger({ level: 'error' }),
    events: {
      publish: (_memberId, event) => {
        published.push(event);
        return Promise.resolve();
      },
    },
    wakeChannel: channelId => woken.push(channelId),
    dailyCap: () => Promise.resolve(50),
    changed: change => changes.push(change),
  });
let health: Health;

beforeEach(async () => {
  clock.set(NOON);
  [changes, published, woken] = [[], [], []];
  health = build();
  for (const name of [
    ...['channels', 'send_outcomes', 'receipts', 'inbound_messages', 'connection_history', 'enrollments'],
    'outgoing',
  ]) {
    await stores.db.collection(name).deleteMany({});
  }
  const channel = newChannel({ _id: 'c1', memberId: 'm1', transport: 'simulator', at: new Date(NOON) });
  await stores.db
    .collection<ChannelDoc>('channels')
    .insertOne({ ...channel, linkedAt: new Date('2026-01-01T00:00:00Z') });
});

const hoursAgo = (hours: number) => new Date(clock.now().getTime() - hours * HOUR);
const channelNow = async () => (await stores.db.collection<ChannelDoc>('channels').findOne({ _id: 'c1' }))!;
const signals = async () => {
  await health.refresh('nobody'); // stores what was recorded
  return gatherSignals(await channelNow(), clock.now(), stores.db);
};

let numbered = 0;
const attempt = (person: number, more: Partial<Attempted> = {}): Attempted => ({
  channelId: 'c1',
  phoneHash: `p${person}`,
  subject: { kind: 'enrollment', id: `e${person}` },
  day: 1,
  part: 0,
  at: hoursAgo(1),
  firstContact: true,
  outcome: { kind: 'sent', messageId: `M${(numbered += 1)}` },
  ...more,
});
const record = (count: number, more: (i: number) => Partial<Attempted> = () => ({})) => {
  for (let i = 0; i < count; i++) health.recordAttempt(attempt(i, more(i)));
};
const refusal = (reason: 'refused' | 'refused_463' | 'refused_475') =>
  ({ kind: 'not_sent', reason, messageId: `M${(numbered += 1)}` }) as const;
const receipt = (messageId: string, ack: number) =>
  stores.db
    .collection<{ _id: string }>('receipts')
    .insertOne({ _id: `c1:${messageId}`, ...{ channelId: 'c1', messageId, ack } });
const inbound = (person: number, kind: string, at: Date) =>
  stores.db.collection('inbound_messages').insertOne({ channelId: 'c1', phoneHash: `p${person}`, kind, at });
const closed = (reason: string, at: Date) =>
  stores.db
    .collection('connection_history')
    .insertOne({ channelId: 'c1', memberId: 'm1', event: 'closed', reason, at });

describe('each signal comes from what was stored', () => {
  it('refusals of what reached the wire', async () => {
    record(8);
    record(3, () => ({ outcome: refusal('refused') }));
    record(2, () => ({ outcome: { kind: 'not_sent', reason: 'not_ready' } }));
    record(2, () => ({ outcome: { kind: 'not_called' } }));
    record(4, () => ({ at: hoursAgo(25) }));
    expect(await signals()).toMatchObject({ tried: 11, refused: 3 });
  });

  it('messages that stay without the server’s word for more than 10 minutes', async () => {
    const unknown = (messageId: string) => ({
      outcome: { kind: 'unknown', reason: 'deadline', messageId } as const,
    });
    health.recordAttempt(attempt(1, unknown('A')));
    health.recordAttempt(attempt(2, unknown('B')));
    health.recordAttempt(attempt(3, unknown('C')));
    health.recordAttempt(attempt(4, { ...unknown('D'), at: hoursAgo(0.1) }));
    await receipt('B', 1);
    await stores.db
      .collection<{ _id: string }>('enrollments')
      .insertOne({ _id: 'e3', ...{ referralUserId: 'u3', rows: { d1p0: { outcome: 'sent' } } } });
    expect(await signals()).toMatchObject({ stuck: 1 });
  });

  it('messages that were not delivered after a day', async () => {
    record(4, i => ({ at: hoursAgo(30), outcome: { kind: 'sent', messageId: `old${i}` } }));
    record(2, () => ({ at: hoursAgo(80) }));
    record(2);
    await receipt('old0', 2);
    await receipt('old1', 3);
    await receipt('old2', 1);
    expect(await signals()).toMatchObject({ old: 4, undelivered: 2 });
  });

  it('people who did not answer two messages; a day of several parts is one', async () => {
    health.recordAttempt(attempt(1, { at: hoursAgo(50) }));
    health.recordAttempt(attempt(1, { at: hoursAgo(26), day: 2 }));
    health.recordAttempt(attempt(2, { at: hoursAgo(50) }));
    health.recordAttempt(attempt(2, { at: hoursAgo(50), part: 1 }));
    health.recordAttempt(attempt(3, { at: hoursAgo(50) }));
    health.recordAttempt(attempt(3, { at: hoursAgo(26), day: 2 }));
    await inbound(3, 'reply', hoursAgo(25));
    await inbound(1, 'by_hand', hoursAgo(1));
    expect(await signals()).toMatchObject({ people: 3, unanswered: 1, optOuts: 0 });
  });

  it('opt-outs of people written to, each once, and not those of strangers', async () => {
    record(3);
    for (const person of [1, 1, 99]) await inbound(person, 'opt_out', hoursAgo(2));
    expect(await signals()).toMatchObject({ people: 3, optOuts: 1 });
  });

  it('463 and 475', async () => {
    health.recordAttempt(attempt(1, { at: hoursAgo(36), outcome: refusal('refused_463') }));
    health.recordAttempt(attempt(2, { at: hoursAgo(60), outcome: refusal('refused_463') }));
    health.recordAttempt(attempt(3, { at: hoursAgo(100), outcome: refusal('refused_475') }));
    health.recordAttempt(attempt(4, { at: hoursAgo(3), outcome: refusal('refused_475') }));
    expect(await signals()).toMatchObject({ lockedHoursAgo: 36, capped: 2 });
  });

  it('lost connections of a day and unlinks of a week; what the member wanted is none', async () => {
    for (const reason of ['lost', 'crashed', 'link_timeout', 'closed']) await closed(reason, hoursAgo(3));
    await closed('lost', hoursAgo(30));
    await closed('unlinked', hoursAgo(100));
    expect(await signals()).toMatchObject({ disconnects: 2, unlinked: 1, banned: false });
  });

  it('open unknowns and a ban', async () => {
    await stores.db
      .collection<{ _id: string }>('outgoing')
      .insertOne({ _id: 'o1', ...{ channelId: 'c1', step: { state: 'unknown', fence: { token: 't' } } } });
    await stores.db.collection('channels').updateOne({ memberId: 'm1' }, { $set: { stateReason: 'banned' } });
    expect(await signals()).toMatchObject({ unknowns: 1, banned: true });
  });
});

describe('the score moves the schedule by itself', () => {
  it('a run of unanswered and undelivered first contacts slows the channel', async () => {
    record(12, () => ({ at: hoursAgo(50) }));
    record(12, () => ({ at: hoursAgo(26), day: 2, firstContact: false }));
    await health.refresh('c1');
    const { health: found } = await channelNow();
    expect(found).toMatchObject({ score: 73, band: 'watch' });
    expect(found.reasons.map(({ sentence }) => sentence)).toEqual([
      '24 of 24 messages were not delivered after a day (−15)',
      '12 of 12 people did not answer two messages or more this week (−12)',
    ]);
    expect(brakesOf(found).gapFactor).toBe(1.5);
    expect(published).toEqual([
      { type: 'health', data: expect.objectContaining({ score: 73, band: 'watch' }) as unknown },
    ]);
    expect(changes).toMatchObject([{ channelId: 'c1', memberId: 'm1', from: 'healthy' }]);
    expect(woken).toEqual([]);
  });

  it('tells nothing when nothing has changed', async () => {
    await health.refresh('c1');
    clock.advance(HOUR);
    await health.refresh('c1');
    expect(published).toEqual([]);
    expect((await channelNow()).health.at).toEqual(clock.now());
  });

  it('comes back by the hour once the reasons have faded, and wakes the channel', async () => {
    health.recordAttempt(attempt(1, { outcome: refusal('refused_463') }));
    health.recordAttempt(attempt(1, { outcome: refusal('refused_475') }));
    await health.refreshAll();
    expect((await channelNow()).health).toMatchObject({ score: 51, band: 'poor' });
    for (let hour = 1; hour <= 24 * 9; hour++) {
      clock.advance(HOUR);
      await health.refreshAll();
    }
    expect((await channelNow()).health).toMatchObject({ score: 100, band: 'healthy' });
    expect(changes.map(({ health: { band } }) => band)).toEqual(['poor', 'watch', 'healthy']);
    expect(woken).toEqual(['c1', 'c1']);
    expect((await channelNow()).nextActionAt).toBeInstanceOf(Date);
  });

  it('takes two warm-up levels when it leaves critical, once, and not while a turn could overwrite it', async () => {
    const channels = stores.db.collection<ChannelDoc>('channels');
    await channels.updateOne({ _id: 'c1' }, { $set: { stateReason: 'banned' } });
    await health.refresh('c1');
    expect((await channelNow()).health).toMatchObject({ score: 0, band: 'critical' });
    await channels.updateOne(
      { _id: 'c1' },
      {
        $set: {
          stateReason: null,
          turn: { token: 't', subject: { kind: 'outgoing', id: 'o' }, takenAt: clock.now() },
        },
      },
    );
    await health.refresh('c1');
    clock.advance(24 * HOUR);
    await health.refresh('c1');
    expect((await channelNow()).health.band).toBe('critical');
    await channels.updateOne({ _id: 'c1' }, { $unset: { turn: true } });
    for (let hour = 0; hour < 3; hour++) {
      clock.advance(HOUR);
      await health.refresh('c1');
    }
    const after = await channelNow();
    expect(after.health.band).toBe('poor');
    expect(warmupLevel(after, clock.now())).toBe(2); // from the 4 at which its cap of 50 bounds it
  });

  it('two processes at once change it once', async () => {
    health.recordAttempt(attempt(1, { outcome: refusal('refused_463') }));
    const other = build();
    await health.refresh('nobody');
    await Promise.all([health.refresh('c1'), other.refresh('c1'), other.refresh('c1')]);
    expect(changes).toHaveLength(1);
  });

  it('a signal is followed by itself, and stopping stores what was recorded', async () => {
    record(1, () => ({ outcome: refusal('refused_463') }));
    record(1);
    await health.stop();
    expect(await stores.db.collection('send_outcomes').countDocuments()).toBe(2);
  });

  it('forgets attempts that no score looks at any more', async () => {
    record(1, () => ({ at: hoursAgo(24 * 9) }));
    record(1);
    await health.refresh('nobody');
    await health.forgetOld();
    expect(await stores.db.collection('send_outcomes').countDocuments()).toBe(1);
  });
});

it('every question of the score is answered by an index', async () => {
  const since = hoursAgo(24);
  const plans = [
    stores.db.collection('send_outcomes').find({ channelId: 'c1', at: { $gt: since, $lte: clock.now() } }),
    stores.db.collection(inboundMessageModel.name).find({ channelId: 'c1', at: { $gt: since } }),
    stores.db
      .collection(connectionHistoryModel.name)
      .find({ channelId: 'c1', event: 'closed', at: { $gt: since }, reason: { $in: ['lost'] } }),
    ...[enrollmentModel, outgoingModel].map(({ name }) =>
      stores.db
        .collection(name)
        .find({ channelId: 'c1', 'step.state': 'unknown', 'step.fence.token': { $exists: true } }),
    ),
  ];
  for (const plan of plans) {
    const explained = await plan.explain('queryPlanner');
    expect(JSON.stringify(explained)).toContain('IXSCAN');
    expect(JSON.stringify(explained)).not.toContain('COLLSCAN');
  }
});
