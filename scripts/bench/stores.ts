import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collections } from '../../notification-service/src/collections.ts';
import { findMongod } from '../../notification-service/src/platform/embedded-mongod-binary.ts';
import { startEmbeddedMongod } from '../../notification-service/src/platform/embedded-mongod.ts';
import { startEmbeddedRedis } from '../../notification-service/src/platform/embedded-redis.ts';
import { openMongo } from '../../notification-service/src/platform/mongo.ts';
import type { Mongo } from '../../notification-service/src/platform/mongo.ts';

export interface BenchStores {
  /** For what a run's processes write; gone when it ends. */
  dir: string;
  redisUrl: string;
  uriOf(database: string): string;
  /** A new database with all indexes. */
  open(database: string): Promise<Mongo>;
  /** Stops this process when the run ends, however it ends; it may be stopped before. */
  keep<T extends { stop(): Promise<unknown> }>(running: T): T;
  close(): Promise<void>;
}

const quiet = { info: () => undefined, warn: console.error, error: console.error };

/** A real mongod and Redis of this run's own, gone when it ends. */
export async function openBenchStores(): Promise<BenchStores> {
  const dir = await mkdtemp(join(tmpdir(), 'relance-bench-'));
  const binary = await findMongod(process.env, quiet);
  const redis = await startEmbeddedRedis({ dir, logger: quiet });
  const mongod = await startEmbeddedMongod({ dir, binary, logger: quiet, cacheGb: 2 });
  const opened: Mongo[] = [];
  const kept: { stop(): Promise<unknown> }[] = [];
  let closing: Promise<void> | null = null;
  async function close(): Promise<void> {
    await Promise.all(kept.map(running => running.stop()));
    await Promise.all(opened.map(mongo => mongo.close()));
    await Promise.all([mongod.stop(), redis.stop()]);
    await rm(dir, { recursive: true, force: true });
  }
  return {
    dir,
    redisUrl: redis.url,
    uriOf: mongod.uriOf,
    async open(database) {
      const mongo = await openMongo(mongod.uriOf(database));
      opened.push(mongo);
      await mongo.buildIndexes(collections);
      return mongo;
    },
    keep(running) {
      kept.push(running);
      return running;
    },
    close: () => (closing ??= close()),
  };
}
