import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { newToken } from './random.ts';
import { defineModel, isDuplicateKey, type Mongo, openMongo } from './mongo.ts';

interface ThingDoc {
  _id: string;
  owner: string;
  active: boolean;
}
const thingModel = defineModel<ThingDoc>(`things-${newToken()}`, [
  { key: { owner: 1 }, name: 'one-active', unique: true, partialFilterExpression: { active: true } },
  { key: { active: 1, _id: -1 } },
]);

let stores: TestStores;
let mongo: Mongo;
beforeAll(async () => {
  stores = await openTestStores();
  mongo = await openMongo(stores.mongoUri);
});
afterAll(async () => {
  await mongo.close();
  await stores.close();
});

describe('the store', () => {
  it('builds every declared index, by several processes at once and again', async () => {
    const other = await openMongo(stores.mongoUri);
    await Promise.all([mongo.buildIndexes([thingModel]), other.buildIndexes([thingModel])]);
    await mongo.buildIndexes([thingModel]);
    await other.close();
    const indexes = await mongo.collection(thingModel).indexes();
    expect(indexes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          name: 'one-active',
          unique: true,
          partialFilterExpression: { active: true },
        }),
        expect.objectContaining({ key: { active: 1, _id: -1 } }),
      ]),
    );
  });

  it('tells a duplicate from other failures', async () => {
    const things = mongo.collection(thingModel);
    await things.insertOne({ _id: 'a', owner: 'o', active: true });
    const again = await things
      .insertOne({ _id: 'b', owner: 'o', active: true })
      .catch((error: unknown) => error);
    expect([isDuplicateKey(again), isDuplicateKey(new Error('no'))]).toEqual([true, false]);
    await things.insertOne({ _id: 'c', owner: 'o', active: false });
  });

  it('writes with majority and journal', () => {
    expect(mongo.collection(thingModel).writeConcern).toMatchObject({ w: 'majority' });
    expect(mongo.collection(thingModel).writeConcern?.journal).toBe(true);
  });

  it('undoes a transaction that fails, as a whole', async () => {
    const things = mongo.collection(thingModel);
    const failing = mongo.transaction(async session => {
      await things.insertOne({ _id: 'd', owner: 'p', active: true }, { session });
      throw new Error('half-way');
    });
    await expect(failing).rejects.toThrow('half-way');
    expect(await things.findOne({ _id: 'd' })).toBeNull();
    expect(
      await mongo.transaction(session =>
        things.insertOne({ _id: 'd', owner: 'p', active: true }, { session }),
      ),
    ).toMatchObject({ insertedId: 'd' });
  });

  it('says in time when nobody is there', async () => {
    await expect(openMongo('mongodb://127.0.0.1:1/x', { serverSelectionMs: 200 })).rejects.toThrow();
    await mongo.ping();
  });
});
