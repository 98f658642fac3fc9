import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { type EmbeddedLogger, type SupervisedChild, superviseChild } from './embedded-child.ts';
import { acceptsConnections, socketPath } from './embedded-socket.ts';

const REPLICA_SET = 'relance';
const NOT_YET_INITIALIZED = 94;

export interface EmbeddedMongod extends SupervisedChild {
  /** A MONGODB_URI of the database `relance`; see {@link EmbeddedMongod.uriOf} for others. */
  readonly uri: string;
  uriOf(database: string): string;
}

/**
 * A real mongod as a one-node replica set on a unix socket under `dir`, kept alive until `stop()`. It listens on no
 * port, so only this user reaches it.
 */
export async function startEmbeddedMongod(options: {
  dir: string;
  binary: string;
  logger: EmbeddedLogger;
  cacheGb?: number;
}): Promise<EmbeddedMongod> {
  const dataDir = join(options.dir, 'mongod');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const socket = socketPath(options.dir, 'mongod.sock');
  const uriOf = (database: string): string =>
    `mongodb://${encodeURIComponent(socket)}/${database}?directConnection=true`;
  const child = await superviseChild({
    name: 'mongod',
    command: options.binary,
    args: [
      ...['--dbpath', dataDir, '--replSet', REPLICA_SET, '--bind_ip', socket],
      ...['--wiredTigerCacheSizeGB', String(options.cacheGb ?? 0.25)],
      ...['--logpath', join(options.dir, 'mongod.log'), '--logappend', '--quiet'],
    ],
    pidFile: join(options.dir, 'mongod.pid'),
    ready: async (_child, signal) => {
      await acceptsConnections(socket, signal);
      await becomesPrimary(uriOf('admin'), socket, signal);
    },
    logger: options.logger,
    readyWithinMs: 60_000,
    stopWithinMs: 30_000,
  });
  return { ...child, uri: uriOf('relance'), uriOf };
}

/** Makes it a replica set of one (or tells it its new address after the folder was moved) and waits for the election. */
async function becomesPrimary(uri: string, host: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // A new client each time: one whose first connection failed stays deaf for seconds.
    const client = new mongoose.mongo.MongoClient(uri, { serverSelectionTimeoutMS: 1_000 });
    try {
      const admin = client.db('admin');
      const hello = await admin.command({ hello: 1 });
      if (hello['isWritablePrimary'] === true) return;
      await configure(admin, host);
    } catch (error) {
      if (!(error instanceof mongoose.mongo.MongoError)) throw error;
    } finally {
      await client.close();
    }
    await sleep(50, undefined, { signal });
  }
}

/** Initiates the set the first time; gives it its new address when the data folder has moved since the last. */
async function configure(admin: mongoose.mongo.Db, host: string): Promise<void> {
  const members = [{ _id: 0, host }];
  const known = await admin.command({ replSetGetConfig: 1 }).catch((error: unknown) => {
    if (error instanceof mongoose.mongo.MongoServerError && error.code === NOT_YET_INITIALIZED)
      return undefined;
    throw error;
  });
  if (!known) {
    await admin.command({ replSetInitiate: { _id: REPLICA_SET, members } });
    return;
  }
  const config = known['config'] as { version: number; members: { host: string }[] };
  if (config.members[0]?.host === host) return;
  await admin.command({ replSetReconfig: { ...config, version: config.version + 1, members }, force: true });
}
