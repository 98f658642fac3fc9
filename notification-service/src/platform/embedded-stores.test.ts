import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import mongoose from 'mongoose';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestStores } from '../../test/test-stores.ts';
import type { EmbeddedLogger } from './embedded-child.ts';
import { findMongod } from './embedded-mongod-binary.ts';
import { startEmbeddedMongod } from './embedded-mongod.ts';
import { parseIdentity, processIdentity } from './embedded-process.ts';
import { startEmbeddedRedis } from './embedded-redis.ts';

let dir: string;
let lines: string[];
const note = (message: string): unknown => lines.push(message);
const logger: EmbeddedLogger = { info: note, warn: note, error: note };

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'relance-embedded-'));
  lines = [];
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

it('gives every test a database of its own on servers configured as in production', async () => {
  const stores = await openTestStores();
  try {
    await stores.db
      .collection('things')
      .insertOne({ a: 1 }, { writeConcern: { w: 'majority', journal: true } });
    expect((await stores.db.command({ hello: 1 }))['setName']).toBe('relance');
    expect(await stores.redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(await stores.redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  } finally {
    await stores.close();
  }
});

it('starts a killed redis again, says so, and keeps what it held', async () => {
  const redis = await startEmbeddedRedis({ dir, logger });
  const client = new Redis(redis.url);
  client.on('error', () => undefined);
  try {
    await client.set('kept', 'yes');
    await sleep(1_100); // AOF everysec
    const before = redis.pid();
    process.kill(before, 'SIGKILL');
    await expect.poll(() => redis.pid(), { timeout: 10_000 }).not.toBe(before);
    expect(await client.get('kept')).toBe('yes');
    expect(lines).toEqual(['redis-server died and is started again', 'redis-server runs again']);
  } finally {
    client.disconnect();
    await redis.stop();
  }
  expect(processIdentity(redis.pid())).toBeUndefined();
});

it('keeps the data of mongod over a restart, and over a move of its folder', async () => {
  const binary = await findMongod(process.env, logger);
  const first = await startEmbeddedMongod({ dir, binary, logger });
  await withDb(first.uri, db => db.collection('things').insertOne({ kept: true }));
  await first.restart();
  await withDb(first.uri, async db => expect(await db.collection('things').countDocuments()).toBe(1));
  await first.stop();

  const moved = `${dir}-moved`;
  await rename(dir, moved);
  const second = await startEmbeddedMongod({ dir: moved, binary, logger });
  try {
    await withDb(second.uri, async db => expect(await db.collection('things').countDocuments()).toBe(1));
  } finally {
    await second.stop();
    await rm(moved, { recursive: true, force: true });
  }
});

it('ends the servers that a killed parent has left behind, before it starts its own', async () => {
  const parent = await parentOfRedis(dir);
  const orphan = parseIdentity(await readFile(join(dir, 'redis.pid'), 'utf8'));
  parent.kill('SIGKILL');
  expect(processIdentity(orphan!.pid)).toEqual(orphan);

  const redis = await startEmbeddedRedis({ dir, logger });
  try {
    expect(lines).toEqual(['Ended a redis-server that an earlier run had left behind']);
    expect(processIdentity(orphan!.pid)).toBeUndefined();
  } finally {
    await redis.stop();
  }
});

it('says what to do when redis-server is not installed', async () => {
  const start = startEmbeddedRedis({ dir, logger, binary: join(dir, 'no-such-redis') });
  await expect(start).rejects.toThrow(/apt-get install -y redis-server.*or set REDIS_URL/);
});

async function withDb(uri: string, use: (db: mongoose.mongo.Db) => Promise<unknown>): Promise<void> {
  const client = new mongoose.mongo.MongoClient(uri);
  try {
    await use(client.db());
  } finally {
    await client.close();
  }
}

/** Another process of ours that has started a redis-server under `dir` and waits. */
async function parentOfRedis(dir: string): Promise<ChildProcess> {
  const module = new URL('./embedded-redis.ts', import.meta.url).href;
  const program = `
    import { startEmbeddedRedis } from ${JSON.stringify(module)};
    const logger = { info() {}, warn() {}, error() {} };
    await startEmbeddedRedis({ dir: ${JSON.stringify(dir)}, logger });
    console.log('started');
    setInterval(() => undefined, 1000);`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise(resolve => parent.stdout.once('data', resolve));
  return parent;
}
