import { takeTurn } from '../../notification-service/src/delivery/take-turn.ts';
import type { TurnDeps } from '../../notification-service/src/delivery/turn.ts';
import { mongoDocStore } from '../../notification-service/src/platform/doc-store.ts';
import type { DocStore } from '../../notification-service/src/platform/doc-store.ts';
import { newToken } from '../../notification-service/src/platform/random.ts';
import type { Db, Document } from '../../notification-service/src/platform/mongo.ts';
import { percentile, row, timedSideBySide } from './rows.ts';
import type { Row } from './rows.ts';
import { fill, NOW, sampleChannel, sampleEnrollment, sampleHost } from './sample.ts';
import type { BenchStores } from './stores.ts';

const CHANNELS = 1_000;
const SLICE = 100;
const SIDE_BY_SIDE = 20;

type Recorded = [op: keyof DocStore, collection: string, filter: Document, update: unknown, options: unknown];

/**
 * The turn, take to end, against the raw driver doing the same reads and writes in the same order on the same data. A
 * hundred channels of one, then of the other, so that both meet the same noise.
 */
export async function benchTurn(stores: BenchStores): Promise<Row[]> {
  const warm = await prepared(stores, 'turn_warm');
  await everyTurn(warm.db, warm.channelIds, () => null);
  const ours = await prepared(stores, 'turn_ours');
  const raw = await prepared(stores, 'turn_raw');
  const recorded = new Map<string, Recorded[]>();
  const recordingOf = (channelId: string): Recorded[] => {
    const operations: Recorded[] = [];
    recorded.set(channelId, operations);
    return operations;
  };
  const took = { ours: emptyRun(), raw: emptyRun() };
  for (let at = 0; at < CHANNELS; at += SLICE) {
    const channelIds = ours.channelIds.slice(at, at + SLICE);
    await timed(took.ours, () => everyTurn(ours.db, channelIds, recordingOf));
    await timed(took.raw, () =>
      timedSideBySide(channelIds, SIDE_BY_SIDE, id => replay(raw.db, recorded.get(id) ?? [])),
    );
  }
  const sent = await ours.db.collection('enrollments').countDocuments({ 'step.day': 3 });
  if (sent !== CHANNELS) throw new Error(`${sent} of ${CHANNELS} turns sent something.`);
  const writes = [...recorded.values()].flat().filter(([op]) => op !== 'findOne' && op !== 'find').length;
  return [
    row(
      {
        name: 'turn: turns',
        value: CHANNELS / took.ours.seconds,
        unit: '/s',
        baseline: CHANNELS / took.raw.seconds,
      },
      { atLeast: 0.7 },
    ),
    row(
      {
        name: 'turn: p95',
        value: percentile(took.ours.eachMs, 0.95),
        unit: 'ms',
        baseline: percentile(took.raw.eachMs, 0.95),
      },
      { atMost: 1 / 0.7 },
    ),
    row({ name: 'turn: writes per send', value: writes / CHANNELS, unit: 'writes' }, { exactly: 4 }),
  ];
}

interface Run {
  seconds: number;
  eachMs: number[];
}
const emptyRun = (): Run => ({ seconds: 0, eachMs: [] });

async function timed(run: Run, work: () => Promise<number[]>): Promise<void> {
  const started = performance.now();
  run.eachMs.push(...(await work()));
  run.seconds += (performance.now() - started) / 1000;
}

async function prepared(stores: BenchStores, name: string): Promise<{ db: Db; channelIds: string[] }> {
  const { db } = await stores.open(name);
  await fill(db, 'channels', CHANNELS, n => sampleChannel(n, true));
  const channelIds = Array.from({ length: CHANNELS }, (_, n) => sampleChannel(n, true)._id);
  await fill(db, 'enrollments', CHANNELS, n => sampleEnrollment(channelIds[n] ?? '', n, NOW));
  return { db, channelIds };
}

function everyTurn(
  db: Db,
  channelIds: readonly string[],
  recordingOf: (channelId: string) => Recorded[] | null,
): Promise<number[]> {
  const store = mongoDocStore(db);
  return timedSideBySide(channelIds, SIDE_BY_SIDE, channelId => {
    const operations = recordingOf(channelId);
    return takeTurn(channelId, instantTurns(operations ? recording(store, operations) : store));
  });
}

function recording(store: DocStore, into: Recorded[]): DocStore {
  return {
    findOne: (c, f, o) => (into.push(['findOne', c, f, null, o]), store.findOne(c, f, o)),
    find: (c, f, o) => (into.push(['find', c, f, null, o]), store.find(c, f, o)),
    updateOne: (c, f, u, o) => (into.push(['updateOne', c, f, u, o]), store.updateOne(c, f, u, o)),
    findOneAndUpdate: (c, f, u, o) => (
      into.push(['findOneAndUpdate', c, f, u, o]),
      store.findOneAndUpdate(c, f, u, o)
    ),
    insertOne: (c, d) => (into.push(['insertOne', c, d, null, null]), store.insertOne(c, d)),
  };
}

/** The raw driver, without any of our code around it. */
async function replay(db: Db, operations: readonly Recorded[]): Promise<void> {
  for (const [op, name, filter, update, options] of operations) {
    const collection = db.collection(name);
    if (op === 'findOne') await collection.findOne(filter, options as object);
    else if (op === 'find') await collection.find(filter, options as object).toArray();
    else if (op === 'updateOne') await collection.updateOne(filter, update as object, options as object);
    else if (op === 'findOneAndUpdate')
      await collection.findOneAndUpdate(filter, update as object, { returnDocument: 'after' });
  }
}

/** A transport that answers at once, and pace set to nothing. */
const instantTurns = (store: DocStore): TurnDeps => ({
  store,
  clock: { now: () => NOW, rate: 1 },
  random: () => 0.5,
  calendar: {
    localDateOf: at => at.toISOString().slice(0, 10),
    localMinuteOf: () => 600,
    windowAt: () => ({ open: true }),
    lateDays: () => 0,
    nextDue: () => ({ dueAt: new Date(NOW.getTime() + 86_400_000), lateDays: 0 }),
  },
  host: sampleHost,
  brakesOf: () => ({
    gapFactor: 1,
    capFactor: 1,
    firstContactFactor: 1,
    firstContactsAllowed: true,
    rest: false,
  }),
  settings: {
    pace: {
      delayMs: 0,
      jitterMs: 0,
      waveSize: 1e9,
      wavePauseMinutes: { min: 0, max: 0 },
      maxPerDay: 1e9,
      maxPerHour: 1e9,
      warmup: false,
      breakerFailures: 1e9,
      breakerMinutes: 1,
    },
    memberCapDefault: 1e9,
    paymentFreshnessMs: 1e12,
    maxShiftDays: 10,
    sendRetries: 3,
    sendingIsOn: true,
  },
  newToken,
  machineNow: () => ({ monotonicMs: performance.now(), wallMs: performance.now() }),
  pause: () => Promise.resolve(),
  words: () =>
    Promise.resolve({
      kind: 'parts',
      parts: [{ text: 'Bonjour Awa, ta place est toujours là !', media: null }],
    }),
  attempted: () => undefined,
});
