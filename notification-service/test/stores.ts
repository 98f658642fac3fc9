import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { EmbeddedLogger } from '../src/platform/embedded-child.ts';
import { endLeftover } from '../src/platform/embedded-leftover.ts';
import { findMongod } from '../src/platform/embedded-mongod-binary.ts';
import { startEmbeddedMongod } from '../src/platform/embedded-mongod.ts';
import { isAlive, parseIdentity, processIdentity } from '../src/platform/embedded-process.ts';
import { startEmbeddedRedis } from '../src/platform/embedded-redis.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    mongoUri: string;
    redisUrl: string;
  }
}

const PREFIX = 'relance-test-';

/** One real mongod and one real Redis for the whole run, in a folder of their own, gone when it ends. */
export async function setup({ provide }: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  await removeDeadRuns();
  const dir = await mkdtemp(join(tmpdir(), PREFIX));
  await writeFile(join(dir, 'owner'), JSON.stringify(processIdentity(process.pid)));
  const binary = await findMongod(process.env, logger);
  const redis = await startEmbeddedRedis({ dir, logger });
  const mongod = await startEmbeddedMongod({ dir, binary, logger, cacheGb: 0.5 }).catch(
    async (error: unknown) => {
      await redis.stop();
      throw error;
    },
  );
  provide('mongoUri', mongod.uriOf(''));
  provide('redisUrl', redis.url);
  return async () => {
    await Promise.all([mongod.stop(), redis.stop()]);
    await rm(dir, { recursive: true, force: true });
  };
}

/** What runs that were killed have left: their servers are ended, their folders removed. Runs under way are not touched. */
async function removeDeadRuns(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const dir = join(tmpdir(), name);
    const owner = parseIdentity(await readFile(join(dir, 'owner'), 'utf8').catch(() => ''));
    if (!owner || isAlive(owner)) continue;
    await Promise.all(['mongod.pid', 'redis.pid'].map(file => endLeftover(join(dir, file), 2_000)));
    await rm(dir, { recursive: true, force: true });
  }
}

const logger: EmbeddedLogger = {
  info: message => {
    console.log(message);
  },
  warn: (message, fields) => {
    console.warn(message, fields ?? '');
  },
  error: (message, fields) => {
    console.error(message, fields ?? '');
  },
};
