import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

/** `npm start` as a newcomer runs it: nothing but a folder for its data. */
let dataDir: string;
let started: ChildProcess[];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'relance-start-'));
  started = [];
});
afterEach(async () => {
  for (const child of started) await ended(child, 'SIGTERM');
  await rm(dataDir, { recursive: true });
});

it(
  'starts, shows a QR, holds its folder alone, stops in order, and goes on where it stopped',
  { timeout: 90_000 },
  async () => {
    const first = start(['scripts/setup.mjs', 'start']);
    const { apiUrl, token } = await first.greeting;
    expect(leftBehind()).toEqual(expect.arrayContaining(['lock', 'mongod.pid', 'redis.pid']));
    expect((await fetch(`${apiUrl}/connect`)).headers.get('content-type')).toContain('text/html');
    const call = (url: string, method: string, path: string, body?: object) =>
      fetch(`${url}/api/relance${path}`, {
        method,
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      }).then(async response => ({
        status: response.status,
        ...((await response.json()) as { data: object }),
      }));
    expect(await call(apiUrl, 'GET', '/status')).toMatchObject({
      status: 200,
      data: { whatsappStatus: 'disconnected' },
    });
    expect(await call(apiUrl, 'POST', '/connect', {})).toMatchObject({
      status: 200,
      data: { qr: expect.stringMatching(/^data:image\/png;base64,/) as string, attempt: 1 },
    });
    const preview = JSON.stringify(await call(apiUrl, 'GET', '/messages/preview'));
    const picture = await fetch(new URL(/\/api\/relance\/media\/[\w.]+/.exec(preview)?.[0] ?? '', apiUrl));
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
    await call(apiUrl, 'PATCH', '/config', { maxMessagesPerDay: 42 });

    const rival = start(['scripts/setup.mjs', 'start']);
    expect(await ended(rival.child)).toEqual([1, null]);
    expect(rival.said()).toContain(
      `Another process (pid ${first.child.pid ?? ''}) is already running on ${dataDir}. Stop it first`,
    );
    expect(await call(apiUrl, 'GET', '/status')).toMatchObject({ status: 200 });

    expect(await ended(first.child, 'SIGTERM')).toEqual([0, null]);
    expect(leftBehind()).toEqual([]);

    const second = start(['scripts/setup.mjs', 'start']);
    const again = await second.greeting;
    expect(await call(again.apiUrl, 'GET', '/status')).toMatchObject({
      status: 200,
      data: { maxMessagesPerDay: 42, attempt: 1 },
    });
    expect(second.said()).not.toMatch(/error/i);
  },
);

it('stops in order at Ctrl-C under npm', { timeout: 90_000 }, async () => {
  const running = start(['start'], 'npm');
  await running.greeting;
  process.kill(-(running.child.pid ?? 0), 'SIGINT');
  await ended(running.child);
  expect(leftBehind()).toEqual([]);
});

it('stops in order at a signal during its start', { timeout: 90_000 }, async () => {
  const { child, said } = start(['scripts/setup.mjs', 'start']);
  await vi.waitFor(() => expect(existsSync(join(dataDir, 'mongod.pid'))).toBe(true), { timeout: 20_000 });
  expect(await ended(child, 'SIGTERM')).toEqual([0, null]);
  expect(said()).not.toContain('Relance runs at');
  expect(leftBehind()).toEqual([]);
});

function start(args: string[], command = process.execPath) {
  const child = spawn(command, args, {
    cwd: join(import.meta.dirname, '..'),
    detached: command !== process.execPath,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], RELANCE_INSTALL: 'no' },
      // A developer's own .env does not count here.
      ...{ MONGODB_URI: '', REDIS_URL: '', HOST: '127.0.0.1', PORT: '0', RELANCE_DATA_DIR: dataDir },
    },
  });
  started.push(child);
  let said = '';
  const greeting = new Promise<{ apiUrl: string; token: string }>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      said += chunk.toString('utf8');
      const found = /Relance runs at (\S+)[^]*\/connect#token=(\S+)[^]* API /.exec(said);
      if (found) resolve({ apiUrl: found[1] ?? '', token: found[2] ?? '' });
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', () => reject(new Error(`It ended before it greeted: ${said}`)));
  });
  greeting.catch(() => undefined);
  return { child, greeting, said: () => said };
}

/** Its exit code and signal, once it and whoever writes to its output have ended. */
async function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<unknown[]> {
  if (!child.stdout?.closed) {
    const close = once(child, 'close');
    if (signal) child.kill(signal);
    await close;
  }
  return [child.exitCode, child.signalCode];
}

/** The lock, and what its children would leave when they are not stopped. */
const leftBehind = (): string[] => readdirSync(dataDir).filter(name => /lock|\.pid$|\.sock$/.test(name));
