import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import type { EmbeddedLogger } from './embedded-child.ts';
import { processIdentity } from './embedded-process.ts';
import { isEmbedded, startEmbedded } from './embedded.ts';

let dir: string;
let networkProgram: string;
const note = (): void => undefined;
const logger: EmbeddedLogger = { info: note, warn: note, error: note };
const environment = { PATH: process.env['PATH'], HOME: process.env['HOME'] };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'relance-embedded-'));
  networkProgram = join(dir, 'network.mts');
  writeFileSync(
    networkProgram,
    `const { createServer } = await import('node:http');
     const port = Number(process.argv[3]);
     createServer((_, response) => response.end(String(process.pid))).listen(port, '127.0.0.1', () => {
       console.log(JSON.stringify({ listening: 'http://127.0.0.1:' + port }));
     });`,
  );
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

it('is asked for by naming neither store', () => {
  expect(isEmbedded({ MONGODB_URI: '', PORT: '1' })).toBe(true);
  expect(isEmbedded({ MONGODB_URI: 'mongodb://somewhere' })).toBe(false);
});

it('starts all three, completes the configuration, keeps its secrets, and leaves nothing behind', async () => {
  const dataDir = join(dir, 'data');
  const first = await startEmbedded({ dataDir, environment, networkProgram, logger });
  try {
    const config = parseConfig(first.environment);
    expect(config).toMatchObject({ TRANSPORT: 'simulator' });
    expect(statSync(join(dataDir, 'secrets')).mode & 0o777).toBe(0o600);

    await expect(startEmbedded({ dataDir, environment, networkProgram, logger })).rejects.toThrow(
      `Another process (pid ${process.pid}) is already running on ${dataDir}`,
    );

    const networkUrl = config.SIMULATED_WHATSAPP_URL ?? '';
    const before = Number(await (await fetch(networkUrl)).text());
    process.kill(before, 'SIGKILL');
    const again = async (): Promise<number> => Number(await (await fetch(networkUrl)).text());
    await expect.poll(() => again().catch(() => before), { timeout: 15_000 }).not.toBe(before);
    const after = await again();

    await first.stop();
    expect(processIdentity(after)).toBeUndefined();
    expect(existsSync(join(dataDir, 'lock'))).toBe(false);

    const own = { ...environment, NODE_ENV: 'production', JWT_SECRET: 'x'.repeat(32) };
    const second = await startEmbedded({ dataDir, environment: own, networkProgram, logger });
    await second.stop();
    expect(second.environment).not.toHaveProperty('SERVICE_SECRET');
    expect(second.environment).not.toHaveProperty('SIMULATED_WHATSAPP_URL');
    writeFileSync(join(dataDir, 'redis', 'kept'), '');
    const third = await startEmbedded({ dataDir, environment, networkProgram, logger });
    await third.stop();
    expect(existsSync(join(dataDir, 'redis', 'kept'))).toBe(true);
    const fresh = await startEmbedded({ dataDir, environment, networkProgram, logger, fresh: true });
    await fresh.stop();
    expect(existsSync(join(dataDir, 'redis', 'kept'))).toBe(false);
    expect(third.environment['SERVICE_SECRET']).toBe(first.environment['SERVICE_SECRET']);
  } finally {
    await first.stop();
  }
});

it('stops what it had started when a later part does not come up', async () => {
  writeFileSync(networkProgram, `throw new Error('no network today');`);
  const dataDir = join(dir, 'data');
  await expect(startEmbedded({ dataDir, environment, networkProgram, logger })).rejects.toThrow(
    /simulated-whatsapp could not be started: .*no network today/s,
  );
  for (const left of ['mongod.pid', 'redis.pid', 'lock']) expect(existsSync(join(dataDir, left))).toBe(false);
});
