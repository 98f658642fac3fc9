import { dueFilter } from '../../notification-service/src/delivery/due.ts';
import { dueChannels } from '../../notification-service/src/delivery/pump.ts';
import type { ChannelDoc, SessionHost } from '../../notification-service/src/channels/index.ts';
import type { Db } from '../../notification-service/src/platform/mongo.ts';
import { percentile, row } from './rows.ts';
import type { Row } from './rows.ts';
import { fill, INSTANCE, NOW, sampleChannel, sampleEnrollment } from './sample.ts';
import type { BenchStores } from './stores.ts';

const DUE = 500;
const FEW = 10_000;
const MANY = 1_000_000;
const ASKED = 200;

const host: SessionHost = {
  instanceId: INSTANCE,
  isActing: () => true,
  held: () => null,
  restart: () => Promise.resolve(),
};

/** 500 due channels out of 10,000 and out of 1,000,000: the cost must be that of what is due. */
export async function benchPump(stores: BenchStores): Promise<Row[]> {
  const few = await pumpOver(stores, 'pump_few', FEW);
  const many = await pumpOver(stores, 'pump_many', MANY);
  return [
    row(
      { name: 'pump: 500 due of 1,000,000 against of 10,000', value: many.ms, unit: 'ms', baseline: few.ms },
      { atMost: 1.3 },
    ),
    row(
      {
        name: 'pump: keys examined per channel returned',
        value: many.keys / DUE,
        unit: 'keys',
        baseline: few.keys / DUE,
      },
      { atMost: 1.0 },
    ),
  ];
}

async function pumpOver(
  stores: BenchStores,
  name: string,
  count: number,
): Promise<{ ms: number; keys: number }> {
  const { db } = await stores.open(name);
  const step = count / DUE;
  await fill(db, 'channels', count, n => sampleChannel(n, n % step === 0));
  const channels = db.collection<ChannelDoc>('channels');
  const ask = () => dueChannels({ channels, host }, NOW);
  const ms = await medianOf(ask, found => found.length === DUE);
  const keys = await keysExamined(
    db,
    'channels',
    {
      'owner.instance': INSTANCE,
      nextActionAt: { $lte: NOW },
      turn: { $exists: false },
    },
    { nextActionAt: 1 },
  );
  return { ms, keys };
}

/** The pick inside a channel with 10 and with 20,000 active enrollments. */
export async function benchPick(stores: BenchStores): Promise<Row[]> {
  const { db } = await stores.open('pick');
  const small = sampleChannel(1, true)._id;
  const large = sampleChannel(2, true)._id;
  const earlier = (n: number) => new Date(NOW.getTime() - n * 1_000);
  await fill(db, 'enrollments', 10, n => sampleEnrollment(small, n, earlier(n)));
  await fill(db, 'enrollments', 20_000, n => sampleEnrollment(large, n, earlier(n)));
  const pick = (channelId: string) => () =>
    db.collection('enrollments').findOne(dueFilter(channelId, 1, NOW), { sort: { 'step.tryAt': 1 } });
  const few = await medianOf(pick(small), found => found !== null);
  const many = await medianOf(pick(large), found => found !== null);
  const keys = await keysExamined(db, 'enrollments', dueFilter(large, 1, NOW), { 'step.tryAt': 1 }, 1);
  return [
    row({ name: 'pick: 20,000 active against 10', value: many, unit: 'ms', baseline: few }, { atMost: 1.3 }),
    row({ name: 'pick: keys examined per document returned', value: keys, unit: 'keys' }, { exactly: 1 }),
  ];
}

async function medianOf<T>(ask: () => Promise<T>, isRight: (found: T) => boolean): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < ASKED; n++) {
    const started = performance.now();
    const found = await ask();
    took.push(performance.now() - started);
    if (!isRight(found)) throw new Error('The question was answered wrongly.');
  }
  return percentile(took, 0.5);
}

async function keysExamined(
  db: Db,
  collection: string,
  filter: object,
  sort: Record<string, 1>,
  limit = 1_000,
): Promise<number> {
  const explained = await db
    .collection(collection)
    .find(filter)
    .sort(sort)
    .limit(limit)
    .explain('executionStats');
  return (explained as { executionStats: { totalKeysExamined: number } }).executionStats.totalKeysExamined;
}
