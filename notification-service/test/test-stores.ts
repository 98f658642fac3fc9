import { inject } from 'vitest';
import { collections } from '../src/collections.ts';
import { type Db, type Mongo, openMongo } from '../src/platform/mongo.ts';
import { newToken } from '../src/platform/random.ts';
import { closeRedis, openRedis, type Redis } from '../src/platform/redis.ts';

export interface TestStores {
  mongo: Mongo;
  db: Db;
  /** With the database's name in it. */
  mongoUri: string;
  redis: Redis;
  redisUrl: string;
  /** Every key of this test starts with it; `redis` does not add it by itself. */
  keyPrefix: string;
  /** The indexes of every collection of the service. */
  buildIndexes(): Promise<void>;
  /** Drops the database, removes the keys, closes both connections. */
  close(): Promise<void>;
}

/** A database and a key prefix nobody else uses, on the real servers of this run. */
export async function openTestStores(): Promise<TestStores> {
  const name = `test-${newToken()}`;
  const mongoUri = inject('mongoUri').replace('/?', `/${name}?`);
  const redisUrl = inject('redisUrl');
  const mongo = await openMongo(mongoUri);
  const redis = openRedis(redisUrl);
  return {
    ...{ mongo, db: mongo.db, mongoUri, redis, redisUrl, keyPrefix: name },
    buildIndexes: () => mongo.buildIndexes(collections),
    close: async () => {
      await mongo.db.dropDatabase();
      await removeKeys(redis, name);
      await closeRedis(redis);
      await mongo.close();
    },
  };
}

async function removeKeys(redis: Redis, prefix: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `*${prefix}*`, count: 1_000 })) {
    if (Array.isArray(keys) && keys.length > 0) await redis.unlink(...(keys as string[]));
  }
}
