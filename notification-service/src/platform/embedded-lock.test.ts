import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AlreadyRunningError, takeLock } from './embedded-lock.ts';
import { processIdentity } from './embedded-process.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'relance-lock-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

it('refuses while the owner lives, naming it, and is free again once given up', () => {
  const path = join(dir, 'deep', 'lock');
  const release = takeLock(path);
  expect(() => takeLock(path)).toThrow(AlreadyRunningError);
  expect(() => takeLock(path)).toThrow(`pid ${process.pid}`);
  release();
  expect(existsSync(path)).toBe(false);
  takeLock(path)();
  expect(readdirSync(join(dir, 'deep'))).toEqual([]);
});

it('takes over from an owner that is gone', () => {
  const path = join(dir, 'lock');
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  writeFileSync(path, JSON.stringify({ pid: dead, startedAt: 'then' }));
  takeLock(path);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(processIdentity(process.pid));
});

it('takes over when the number lives on in another process: numbers are used again', () => {
  const path = join(dir, 'lock');
  writeFileSync(path, JSON.stringify({ pid: process.ppid, startedAt: 'another time' }));
  takeLock(path)();
});

it('takes over a file that says nothing, as a full disk leaves behind', () => {
  const path = join(dir, 'lock');
  writeFileSync(path, '');
  takeLock(path)();
});
