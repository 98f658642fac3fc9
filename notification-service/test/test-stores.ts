import { Redis } from 'ioredis';
import mongoose from 'mongoose';
import { inject } from 'vitest';
import { newToken } from '../src/platform/random.ts';

export interface TestStores {
  db: mongoose.mongo.Db;
  /** With the database's name in it. */
  mongoUri: string;
  redis: Redis;
  redisUrl: string;
  /** Every key of this test starts with it. */
  keyPrefix: string;
  /** Drops the database, removes the keys, closes both connections. */
  close(): Promise<void>;
}

/** A database and a key prefix nobody else uses, on the real servers of this run. */
export async function openTestStores(): Promise<TestStores> {
  const name = `test-${newToken()}`;
  const mongoUri = inject('mongoUri').replace('/?', `/${name}?`);
  const redisUrl = inject('redisUrl');
  const client = await new mongoose.mongo.MongoClient(mongoUri, {
    serverSelectionTimeoutMS: 5_000,
  }).connect();
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const db = client.db(name);
  return {
    ...{ db, mongoUri, redis, redisUrl, keyPrefix: name },
    close: async () => {
      await db.dropDatabase();
      await removeKeys(redis, name);
      await redis.quit();
      await client.close();
    },
  };
}

async function removeKeys(redis: Redis, prefix: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `*${prefix}*`, count: 1_000 })) {
    if (Array.isArray(keys) && keys.length > 0) await redis.unlink(...(keys as string[]));
  }
}
