import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CampaignDoc } from '../../src/campaigns/index.ts';
import type { CommandDoc } from '../../src/channels/command-model.ts';
import type * as AttemptModule from '../../src/channels/health-attempts.ts';
import type { ChannelDoc } from '../../src/channels/index.ts';
import type { EnrollmentDoc } from '../../src/enrollments/index.ts';
import type { InboundMessageDoc } from '../../src/inbound/index.ts';
import type * as FetchModule from '../../src/messages/fetch-media.ts';
import { channelIdOf, newId } from '../../src/platform/ids.ts';
import type { OutboxDoc } from '../../src/platform/outbox.ts';
import type * as QueueModule from '../../src/platform/queue.ts';
import type { QueueSpec } from '../../src/platform/queue.ts';
import type { TickOptions } from '../../src/platform/scheduler.ts';
import { startFakeHttp } from '../fakes/fake-http.ts';
import type { FakeHttp } from '../fakes/fake-http.ts';
import { manualClock } from '../manual-clock.ts';
import type { ManualClock } from '../manual-clock.ts';
import { refer, startTestApp, until, writeMessages } from '../test-app.ts';
import type { TestApp } from '../test-app.ts';

/**
 * Every tick of the timetable, every loop of a sender and every queue's processor, run twice: one after the other, and at
 * the same time. The list is what the service itself registers when it starts with all its roles; nothing of it runs by
 * itself here, save that a job which is put into a queue is handled, by two at once.
 */
const registered = vi.hoisted(() => ({
  jobs: new Map<string, (argument: never) => Promise<unknown>>(),
  /** Jobs that were put into a queue and have not been handled yet, by id. */
  waiting: new Set<string>(),
  /** Stores what became of sends; by itself that waits half a second. */
  flush: () => Promise.resolve(),
  /** Files that a campaign names by an address of this machine may be fetched from here. */
  trusted: new Set<string>(),
}));
vi.mock('../../src/platform/scheduler.ts', async original => ({
  ...(await original()),
  tick: ({ name, run }: TickOptions) => {
    registered.jobs.set(`tick: ${name}`, run);
    return { stop: () => Promise.resolve() };
  },
}));
vi.mock('../../src/delivery/loop.ts', () => ({
  startLoop: (name: string, look: () => Promise<number>) => {
    registered.jobs.set(`loop: ${name}`, look);
    return { wake: () => undefined, stop: () => Promise.resolve() };
  },
}));
vi.mock('../../src/platform/queue.ts', async original => {
  const real = await original<typeof QueueModule>();
  return {
    ...real,
    createQueue(spec: QueueSpec<unknown>) {
      const { handle } = spec;
      if (!handle) return noted(real.createQueue(spec));
      registered.jobs.set(`queue: ${spec.sort ?? spec.name}`, (data: unknown) =>
        handle(data, { id: 'again' }),
      );
      return noted(
        real.createQueue({
          ...spec,
          handle: (data, job) =>
            Promise.all([handle(data, job), handle(data, job)]).finally(() =>
              registered.waiting.delete(job.id),
            ),
        }),
      );
    },
  };
  function noted<T>(queue: QueueModule.JobQueue<T>): QueueModule.JobQueue<T> {
    return {
      ...queue,
      add(data, options) {
        registered.waiting.add(options.jobId);
        return queue.add(data, options);
      },
    };
  }
});
vi.mock('../../src/channels/health-attempts.ts', async original => {
  const real = await original<typeof AttemptModule>();
  return {
    ...real,
    createAttemptLog(...given: Parameters<typeof real.createAttemptLog>) {
      const log = real.createAttemptLog(...given);
      registered.flush = () => log.flush();
      return log;
    },
  };
});
vi.mock('../../src/messages/fetch-media.ts', async original => {
  const real = await original<typeof FetchModule>();
  return {
    ...real,
    theInternet: { resolve: () => Promise.resolve(['127.0.0.1']), trusted: registered.trusted },
  };
});

const START = '2026-03-02T09:00:00Z';
const [MINUTE, DAY] = [60_000, 86_400_000];
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

let test: TestApp;
let clock: ManualClock;
let outside: FakeHttp;
let isOutsideWell: boolean;
beforeEach(async () => {
  registered.jobs.clear();
  registered.waiting.clear();
  phoneOf.clear();
  clock = manualClock(START);
  isOutsideWell = true;
  outside = await startFakeHttp(({ url }) => {
    if (!isOutsideWell) return { status: 500 };
    return url.endsWith('.png') ? { headers: { 'content-type': 'image/png' }, body: PIXEL } : { status: 204 };
  });
  registered.trusted.add(new URL(outside.url).host);
  test = await startTestApp({
    environment: {
      HELP_WEBHOOK_URL: `${outside.url}/help`,
      NOTIFY_WEBHOOK_URL: `${outside.url}/news`,
      RELANCE_MESSAGE_JITTER_MS: '0',
    },
    outside: { clock },
  });
});
afterEach(async () => {
  await test.close();
  await outside.close();
});

const db = () => test.stores.db;
const channels = () => db().collection<ChannelDoc>('channels');
const enrollments = () => db().collection<EnrollmentDoc>('enrollments');
const job = (name: string) => registered.jobs.get(name) as (argument: unknown) => Promise<unknown>;

/** The calendar goes on while `work` is under way: WhatsApp needs a moment to take a message. */
async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
  const going = setInterval(() => clock.advance(200), 5);
  try {
    return await work;
  } finally {
    clearInterval(going);
  }
}

let phones = 0;
const phoneOf = new Map<string, string>();
async function connected(memberId: string): Promise<void> {
  const phone = `336120000${String((phones += 1)).padStart(2, '0')}`;
  phoneOf.set(memberId, phone);
  await whileTimePasses(test.connect(memberId, phone));
}
async function enrolled(memberId: string, names: string[]): Promise<void> {
  if (!phoneOf.has(memberId)) await connected(memberId);
  const people = names.map(name => {
    const phoneNumber = `336500000${String((phones += 1)).padStart(2, '0')}`;
    return { _id: `${memberId}-${name}`, name, phoneNumber };
  });
  await refer(test, memberId, people);
  await test.admin().post('/admin/enrollment/run').expect(200);
}
async function writtenTo(memberId: string, name: string): Promise<void> {
  if ((await db().collection('messages').countDocuments()) === 0) await writeMessages(test);
  await enrolled(memberId, [name]);
  await whileTimePasses(job('queue: sender')({ channelId: channelIdOf(memberId) }));
}

/** A turn that a process has left between fence and record. */
async function leftInTheMiddle(memberId: string): Promise<void> {
  await enrolled(memberId, ['paul']);
  const channelId = channelIdOf(memberId);
  const { _id, phone } = (await enrollments().findOne({ memberId }))!;
  const { sessionSerial } = (await channels().findOne({ _id: channelId }))!;
  const token = newId();
  const fence = {
    ...{ token, at: clock.now(), session: sessionSerial, bodyHash: 'b', messageId: `M${token}` },
    ...{ text: 'Bonjour', mediaKind: null, chatId: `${phone}@c.us`, parts: 1 },
  };
  await enrollments().updateOne({ _id }, { $set: { 'step.state': 'sending', 'step.fence': fence } });
  await channels().updateOne(
    { _id: channelId },
    {
      $set: { turn: { token, subject: { kind: 'enrollment', id: _id }, takenAt: new Date(0) } },
      $unset: { nextActionAt: true },
    },
  );
}

/** What waits in an outbox is due again; how long a failed try rests is the machine's time. */
const dueAgain = (outbox: string) =>
  db()
    .collection<OutboxDoc>(outbox)
    .updateMany({}, { $set: { nextTryAt: new Date(0) } });

/** Gives a member work for this job, and returns what the job is given at its n-th run. */
type Prepare = (memberId: string) => Promise<(n: number) => unknown>;
const nothing = () => undefined;

const SCENARIOS: Record<string, Prepare> = {
  async 'tick: enroll'(memberId) {
    await connected(memberId);
    await refer(
      test,
      memberId,
      ['paul', 'lea'].map((name, n) => ({
        ...{ _id: `${memberId}-${name}`, name },
        phoneNumber: `33650000${phoneOf.get(memberId)!.slice(-2)}${n}`,
      })),
    );
    // Each run has an instant of its own: the lock of a slot saves work, and must not be what keeps it right.
    return n => new Date(clock.now().getTime() + n);
  },
  async 'tick: campaigns'(memberId) {
    await enrolled(memberId, []);
    await refer(test, memberId, [
      { _id: `${memberId}-paul`, name: 'paul', phoneNumber: `3365000010${phoneOf.get(memberId)!.slice(-1)}` },
    ]);
    const scheduledStartDate = new Date(clock.now().getTime() + MINUTE).toISOString();
    const body = { name: 'Spring', targetFilter: {}, scheduledStartDate };
    await test.member(memberId).post('/campaigns', body).expect(201);
    clock.advance(2 * MINUTE);
    return nothing;
  },
  async 'tick: files of campaigns'(memberId) {
    isOutsideWell = false;
    await test.member(memberId).patch('/config', {}).expect(200);
    const mediaUrls = [{ url: `${outside.url}/${memberId}.png`, type: 'image' }];
    const customMessages = [{ dayNumber: 1, messageTemplate: { fr: 'Salut' }, mediaUrls }];
    const body = { name: 'Spring', targetFilter: {}, customMessages };
    await test.member(memberId).post('/campaigns', body).expect(201);
    isOutsideWell = true;
    return nothing;
  },
  async 'tick: sweep'(memberId) {
    await enrolled(memberId, ['paul']);
    // Whoever enrolled them died before the alarm was set.
    await channels().updateOne({ memberId }, { $unset: { nextActionAt: true } });
    return nothing;
  },
  async 'tick: follow deliveries'(memberId) {
    await writtenTo(memberId, 'paul');
    return nothing;
  },
  async 'tick: health'(memberId) {
    await test.control('/faults', { kind: 'refused-463', count: 1 });
    await writtenTo(memberId, 'paul');
    return nothing;
  },
  async 'tick: retention'(memberId) {
    await writtenTo(memberId, 'paul');
    await test.service('/exit-user', { userId: `${memberId}-paul` });
    clock.advance(200 * DAY);
    return nothing;
  },
  async 'tick: help requests'(memberId) {
    isOutsideWell = false;
    await test.member(memberId).post('/help', { message: 'Help' }).expect(202);
    await until(async () => (await sentOut(memberId)) === 1, 'a first try has failed');
    await dueAgain('help_requests');
    isOutsideWell = true;
    return nothing;
  },
  async 'tick: notifications'(memberId) {
    isOutsideWell = false;
    await writtenTo(memberId, 'paul');
    await said(memberId, 'Oui !');
    await until(async () => (await sentOut(memberId)) === 1, 'a first try has failed');
    await dueAgain('notifications');
    isOutsideWell = true;
    return nothing;
  },
  async 'tick: answers left half done'(memberId) {
    await writtenTo(memberId, 'paul');
    const doc = (await enrollments().findOne({ memberId }))!;
    // Noted by a process that died before it did anything about it.
    await db()
      .collection<InboundMessageDoc>('inbound_messages')
      .insertOne({
        ...{ _id: `${doc.channelId}:A`, channelId: doc.channelId, memberId, messageId: 'A', kind: 'opt_out' },
        ...{ phoneHash: doc.phoneHash, enrollmentId: doc._id, confirms: true, text: 'STOP' },
        ...{ at: clock.now(), receivedAt: clock.now(), handledAt: null },
      });
    clock.advance(2 * MINUTE);
    return nothing;
  },
  async 'loop: pump'(memberId) {
    await writeMessages(test);
    await enrolled(memberId, ['paul']);
    return nothing;
  },
  async 'loop: recovery'(memberId) {
    await leftInTheMiddle(memberId);
    return nothing;
  },
  async 'loop: reconcile'(memberId) {
    await leftInTheMiddle(memberId);
    await job('loop: recovery')(undefined);
    // Long enough for WhatsApp's history to prove that it has not arrived.
    clock.advance(11 * MINUTE);
    return nothing;
  },
  async 'queue: sender'(memberId) {
    await writeMessages(test);
    await enrolled(memberId, ['paul', 'lea']);
    return () => ({ channelId: channelIdOf(memberId) });
  },
  async 'queue: commands'(memberId) {
    await connected(memberId);
    await test.member(memberId).delete('/disconnect').expect(200);
    const commandId = newId();
    await db()
      .collection<CommandDoc>('commands')
      .insertOne({
        ...{ _id: commandId, channelId: channelIdOf(memberId), takenBy: null, passedOn: 0 },
        ...{ request: { kind: 'connect', qrLeftMs: 1_000 }, createdAt: new Date() },
      });
    return () => ({ commandId });
  },
};

/** The calendar stands still for all others: whatever changes at a second run is not the time. */
const SENDS = new Set(['loop: pump', 'queue: sender']);

const said = async (memberId: string, text: string) => {
  const { phone } = (await enrollments().findOne({ memberId }))!;
  await test.control(`/numbers/${phone}/say`, { to: phoneOf.get(memberId), text });
};
const sentOut = (memberId: string) =>
  Promise.resolve(outside.requests.filter(({ body }) => JSON.stringify(body).includes(memberId)).length);

/** Everything there is: documents, what WhatsApp has, what was posted outside. Heartbeats are left out. */
async function everything() {
  const documents: Record<string, unknown[]> = {};
  const names = (await db().listCollections().toArray()).map(({ name }) => name).sort();
  for (const name of names) {
    if (name !== 'instances') documents[name] = await db().collection(name).find().sort({ _id: 1 }).toArray();
  }
  return { documents, sent: await sent(), links: await test.control('/links'), posted: outside.requests };
}
const sent = async () => (await test.sent()).map(({ from, to, text }) => ({ from, to, text }));

/** What of it is one member's, without ids, so that two members can be compared. */
async function summaryOf(memberId: string) {
  const counts: Record<string, number> = {};
  const { documents } = await everything();
  const names = [memberId, channelIdOf(memberId)];
  for (const [name, docs] of Object.entries(documents)) {
    counts[name] = docs.filter(doc => names.some(one => JSON.stringify(doc).includes(one))).length;
  }
  const sequences = await enrollments().find({ memberId }).sort({ referralUserId: 1 }).toArray();
  const channel = await channels().findOne({ memberId });
  return {
    counts,
    sequences: sequences.map(({ status, exitReason, phone, step, rows }) => ({
      ...{ status, exitReason, isErased: phone === null, day: step.day, state: step.state },
      ...{ version: step.version, rows: Object.values(rows).map(({ outcome, reason }) => [outcome, reason]) },
    })),
    channel: channel && {
      ...{ state: channel.state, hasTurn: channel.turn !== undefined, attempts: channel.attempts.count },
      ...{ hasAlarm: channel.nextActionAt !== undefined, slots: channel.pace.sends.length },
      ...{ health: channel.health.reasons, isConnected: channel.sessionReadyAt !== null },
    },
    campaigns: (
      await db().collection<CampaignDoc>('campaigns').find({ memberId }).sort({ type: 1 }).toArray()
    ).map(({ status, type, customMessages }) => [
      ...[status, type],
      JSON.stringify(customMessages).includes('"filename"'),
    ]),
    texts: (await sent()).filter(({ from }) => from === phoneOf.get(memberId)).map(({ text }) => text),
    posted: await sentOut(memberId),
  };
}

/** A turn that a process is at: one that was left in the middle here was taken long ago. */
const underWay = { 'turn.takenAt': { $gt: new Date(0) }, 'turn.takenOver': { $ne: true as const } };

/** Resolves with everything once nothing is under way any more. */
async function atRest() {
  let before = '';
  await until(async () => {
    await registered.flush();
    await new Promise(resolve => setTimeout(resolve, 75));
    const now = JSON.stringify(await everything());
    const isStill = now === before;
    before = now;
    return isStill && registered.waiting.size === 0 && (await channels().countDocuments(underWay)) === 0;
  }, 'nothing changes any more');
  return everything();
}

describe('every job, run twice', { timeout: 60_000 }, () => {
  it('none is forgotten here', async () => {
    expect([...registered.jobs.keys()].sort()).toEqual(Object.keys(SCENARIOS).sort());
    // Whoever registers jobs does so when the service starts, or they would be missing above.
    expect(await filesThatRegister()).toEqual(['channels/index.ts', 'delivery/index.ts', 'schedule.ts']);
  });

  it.each(Object.entries(SCENARIOS))('%s: the second run changes nothing', async (name, prepare) => {
    const run = job(name);
    const during = SENDS.has(name) ? whileTimePasses : (work: Promise<unknown>) => work;
    const first = await prepare('first-member');
    await atRest();
    const untouched = await summaryOf('first-member');
    await during(run(first(0)).then(atRest));
    const once = await summaryOf('first-member');
    expect(once).not.toEqual(untouched);
    const afterOne = await atRest();
    await run(first(1));
    expect(await atRest()).toEqual(afterOne);

    const second = await prepare('other-member');
    await atRest();
    await during(Promise.all([run(second(2)), run(second(3))]).then(atRest));
    expect(await summaryOf('other-member')).toEqual(once);
    const afterTwo = await atRest();
    await run(second(4));
    expect(await atRest()).toEqual(afterTwo);
  });
});

async function filesThatRegister(): Promise<string[]> {
  const src = join(import.meta.dirname, '..', '..', 'src');
  const files = (await readdir(src, { recursive: true })).filter(
    file => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
  const calls = /(?<!function )\b(createQueue|startLoop|tick)(<[^>]*>)?\(/;
  const register = await Promise.all(
    files.map(async file => calls.test(await readFile(join(src, file), 'utf8'))),
  );
  return files.filter((_, n) => register[n]).sort();
}
