import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { control } from './line-for-tests.ts';

const PROGRAM = join(import.meta.dirname, 'main.ts');

test('as a program it says where it listens, and ends cleanly on SIGTERM with its state kept', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'network-'));
  const stateFile = join(dir, 'state.json');
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, '--port', '0', '--state', stateFile]);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { listening } = JSON.parse(line) as { listening: string };
  expect(listening).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await control(listening, 'POST', '/control/numbers', { phone: '33611111111', name: 'Paul' });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await readFile(stateFile, 'utf8')).toContain('Paul');
  await rm(dir, { recursive: true });
});

test('arguments that are wrong end it with a sentence and status 2', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, '--port', 'x']);
  const [text] = (await once(child.stderr, 'data')) as [Buffer];
  expect(String(text)).toMatch(/^--port must be a number/);
  expect(await once(child, 'exit')).toEqual([2, null]);
});
