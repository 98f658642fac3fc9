import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enrollmentModel, personModel } from '../../src/enrollments/index.ts';
import { channelModel } from '../../src/channels/index.ts';
import { mongoDocStore } from '../../src/platform/doc-store.ts';
import type { DocStore } from '../../src/platform/doc-store.ts';
import { openMongo } from '../../src/platform/mongo.ts';
import type { Mongo } from '../../src/platform/mongo.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { openTestStores } from '../test-stores.ts';
import { randomWalk } from './random-walk.ts';
import type { Operation } from './memory-store.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Collections } from './memory-store.ts';

/** The in-memory store is only worth something if it does what MongoDB does: 500 traces of the model, on both. */
const TRACES = 500;
let stores: Awaited<ReturnType<typeof openTestStores>>;
let mongo: Mongo;

beforeAll(async () => {
  stores = await openTestStores();
  mongo = await openMongo(stores.mongoUri);
  await stores.buildIndexes();
});
afterAll(async () => {
  await mongo.close();
  await stores.close();
});

describe('the in-memory store', () => {
  it(`answers ${TRACES} traces of the model as MongoDB does`, { timeout: 240_000 }, async () => {
    const store = mongoDocStore(mongo.db);
    const scenarios = Object.values(SCENARIOS);
    let operations = 0;
    for (let seed = 0; seed < TRACES; seed++) {
      const scenario = scenarios[seed % scenarios.length]!;
      const trace = await randomWalk(scenario, seededRandom(seed));
      await load(scenario.start.collections);
      for (const [at, operation] of trace.operations.entries()) {
        const result = await repeat(store, operation);
        expect(comparable(result), `${scenario.name}, trace ${seed}, operation ${at}`).toEqual(
          comparable(operation.result),
        );
      }
      expect(comparable(await everything(trace.end))).toEqual(comparable(trace.end));
      operations += trace.operations.length;
    }
    expect(operations).toBeGreaterThan(TRACES * 10);
  });
});

const COLLECTIONS = [channelModel.name, enrollmentModel.name, personModel.name, 'receipts'];

async function load(collections: Collections): Promise<void> {
  for (const name of COLLECTIONS) {
    await mongo.db.collection(name).deleteMany({});
    const docs = Object.values(collections[name] ?? {});
    if (docs.length > 0)
      await mongo.db.collection(name).insertMany(docs.map(doc => structuredClone(doc) as object));
  }
}

async function everything(like: Collections): Promise<Collections> {
  const found: Record<string, Record<string, never>> = {};
  for (const name of Object.keys(like)) {
    const docs = await mongo.db.collection<{ _id: string }>(name).find().toArray();
    found[name] = Object.fromEntries(docs.map(doc => [doc._id, doc as never]));
  }
  return found;
}

function repeat(store: DocStore, { name, collection, filter, update, options }: Operation): Promise<unknown> {
  switch (name) {
    case 'findOne':
      return store.findOne(collection, filter as object, withoutProjection(options));
    case 'find':
      return store.find(collection, filter as object, {
        ...withoutProjection(options),
        limit: (options as { limit: number }).limit,
      });
    case 'updateOne':
      return store.updateOne(collection, filter as object, update as object, options as { upsert: boolean });
    case 'findOneAndUpdate':
      return store.findOneAndUpdate(
        collection,
        filter as object,
        update as object,
        options as { returns: 'before' | 'after' },
      );
    case 'insertOne':
      return store.insertOne(collection, structuredClone(filter) as object);
  }
}

/** The twin returns whole documents; what is projected away is only a saving. */
const withoutProjection = (options: unknown): object => {
  const { sort } = options as { sort?: Record<string, 1 | -1> };
  return sort ? { sort } : {};
};

/** Instants that `$currentDate` wrote are those of two different clocks. */
const comparable = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      key === 'takenAt' || key === 'rowsAt' ? (inner === null ? null : 'now') : inner,
    ),
    (_key, inner: unknown) => (inner !== null && typeof inner === 'object' ? sorted(inner) : inner),
  );
/** Neither the order of fields nor that of unsorted finds is anybody's promise. */
const sorted = (object: object): object =>
  Array.isArray(object)
    ? object.map(one => JSON.stringify(one)).sort()
    : Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
