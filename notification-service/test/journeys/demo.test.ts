import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const DEMO = join(import.meta.dirname, '..', '..', '..', 'scripts', 'demo.ts');

/** Under a minute where the machine is free; days that a busy machine misses are caught up later, and cost time only. */
it(
  'the demo tells seven days: each message once, every exit, and the statistics agree',
  {
    timeout: 240_000,
  },
  async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', DEMO, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, complaints, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number | null]>,
    ]);
    const lines = out.trimEnd().split('\n');
    expect(code, `${out}\n${complaints}`).toBe(0);
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
      // 36 people get six days; a payment after day 3, an answer after day 2 and STOP after day 4.
      sent: 36 * 6 + 3 + 2 + 4,
      skipped: 36,
      duplicates: 0,
      lost: 0,
      realSeconds: expect.any(Number) as number,
      exits: { paid: 1, replied: 1, opted_out: 1, invalid_number: 1, completed_7_days: 36 },
    });
    expect(out).toMatch(/█+░* \d+ messages, \d+ people under way/);
    expect(out).toMatch(/statistics say the same: (\d+) figures of \1 agree/);
  },
);
