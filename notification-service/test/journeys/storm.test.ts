import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const KILLS = 5;

it(
  `sends everything once through ${KILLS} kills, two flushes of Redis and a restart of mongod`,
  { timeout: 360_000 },
  async () => {
    const { code, said } = await run(['--kills', String(KILLS), '--json']);
    const report = JSON.parse(said.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(report, said).toMatchObject({
      ...{ kills: KILLS, flushes: 2, mongodRestarts: 1, freezes: 1 },
      ...{ duplicates: 0, lost: 0, afterStopped: 0, overlaps: 0, unrecorded: 0, unfinished: 0 },
      delivered: expect.any(Number) as number,
      skippedAfterUnknown: expect.any(Number) as number,
    });
    expect(report['delivered']).toBeGreaterThan(100);
    const killsByStep = Object.values(report['killsByStep'] as Record<string, number>);
    expect(killsByStep.reduce((sum, kills) => sum + kills, 0)).toBe(KILLS);
    expect(code).toBe(0);
  },
);

/** In a process of its own: it ends every process that it starts, however it ends itself. */
function run(args: string[]): Promise<{ code: number | null; said: string }> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, ['--import', 'tsx', join('scripts', 'storm.ts'), ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stderr, child.stdout]) {
      stream.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    }
    child.once('close', code => resolve({ code, said }));
  });
}
