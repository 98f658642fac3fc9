import { dueFilter } from '../../notification-service/src/delivery/due.ts';
import { readSendingSwitch } from '../../notification-service/src/delivery/emergency-stop.ts';
import { pumpChannels } from '../../notification-service/src/delivery/pump.ts';
import type { ChannelDoc } from '../../notification-service/src/channels/index.ts';
import type { Db } from '../../notification-service/src/platform/mongo.ts';
import { mediansInTurns, row } from './rows.ts';
import type { Row } from './rows.ts';
import { fill, INSTANCE, NOW, sampleChannel, sampleEnrollment, sampleHost } from './sample.ts';
import type { BenchStores } from './stores.ts';

const DUE = 500;
const FEW = 10_000;
const MANY = 1_000_000;
const ASKED = 200;
const PICKED = 2_000;

const clock = { now: () => NOW, rate: 1 };

/** A look of the pump at 500 due channels out of 10,000 and out of 1,000,000: it must cost what is due. */
export async function benchPump(stores: BenchStores): Promise<Row[]> {
  const few = await pumpOver(stores, 'pump_few', FEW);
  const many = await pumpOver(stores, 'pump_many', MANY);
  const [fewMs, manyMs] = await mediansInTurns([few.ask, many.ask], ASKED);
  const keys = { few: await few.keysExamined(), many: await many.keysExamined() };
  return [
    row(
      { name: 'pump: 500 due of 1,000,000 against of 10,000', value: manyMs, unit: 'ms', baseline: fewMs },
      { atMost: 1.3 },
    ),
    row(
      {
        name: 'pump: keys examined per channel returned',
        value: keys.many / DUE,
        unit: 'keys',
        baseline: keys.few / DUE,
      },
      { atMost: 1.0 },
    ),
  ];
}

async function pumpOver(stores: BenchStores, name: string, count: number) {
  const { db } = await stores.open(name);
  const step = count / DUE;
  await fill(db, 'channels', count, n => sampleChannel(n, n % step === 0));
  const channels = db.collection<ChannelDoc>('channels');
  const isDue = { 'owner.instance': INSTANCE, nextActionAt: { $lte: NOW }, turn: { $exists: false } };
  return {
    ask: async () => {
      let reminders = 0;
      const remind = () => Promise.resolve(void (reminders += 1));
      await pumpChannels({ channels, host: sampleHost, clock, sendingIsOn: () => isSwitchedOn(db), remind });
      if (reminders !== DUE) throw new Error(`${reminders} of ${DUE} due channels were reminded of.`);
    },
    keysExamined: () => keysExamined(db, 'channels', isDue, { nextActionAt: 1 }),
  };
}

const isSwitchedOn = async (db: Db): Promise<boolean> => (await readSendingSwitch(db, true)).on;

/** The pick inside a channel with 10 and with 20,000 active enrollments. */
export async function benchPick(stores: BenchStores): Promise<Row[]> {
  const { db } = await stores.open('pick');
  const small = sampleChannel(1, true)._id;
  const large = sampleChannel(2, true)._id;
  const earlier = (n: number) => new Date(NOW.getTime() - n * 1_000);
  await fill(db, 'enrollments', 10, n => sampleEnrollment(small, n, earlier(n)));
  await fill(db, 'enrollments', 20_000, n => sampleEnrollment(large, n, earlier(n)));
  const pick = (channelId: string) => async () => {
    const filter = dueFilter(channelId, 1, NOW);
    const found = await db.collection('enrollments').findOne(filter, { sort: { 'step.tryAt': 1 } });
    if (found === null) throw new Error('Nothing was picked.');
  };
  const [few, many] = await mediansInTurns([pick(small), pick(large)], PICKED);
  const keys = await keysExamined(db, 'enrollments', dueFilter(large, 1, NOW), { 'step.tryAt': 1 }, 1);
  return [
    row({ name: 'pick: 20,000 active against 10', value: many, unit: 'ms', baseline: few }, { atMost: 1.3 }),
    row({ name: 'pick: keys examined per document returned', value: keys, unit: 'keys' }, { exactly: 1 }),
  ];
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
