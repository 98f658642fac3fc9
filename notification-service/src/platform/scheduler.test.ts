import { afterEach, describe, expect, it, vi } from 'vitest';
import { simulatedClock, systemClock } from './clock.ts';
import { createLogger } from './logger.ts';
import { type Tick, tick } from './scheduler.ts';

const logger = createLogger({
  level: 'error',
  stream: new (await import('node:stream')).PassThrough().resume(),
});
const ticks: Tick[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(ticks.splice(0).map(made => made.stop()));
});

describe('tick', () => {
  it('follows the cron at the pace of an accelerated calendar, in order and without gaps', async () => {
    const start = Date.parse('2025-03-30T00:00:30Z');
    const clock = simulatedClock({ originMs: Date.now(), startMs: start, rate: 360_000 }); // an hour every 10 ms
    const runs: string[] = [];
    await new Promise<void>(resolve => {
      ticks.push(
        tick({
          ...{ name: 'hourly', when: '0 * * * *', clock, logger },
          run: at => {
            runs.push(at.toISOString());
            if (runs.length === 8) resolve();
            return Promise.resolve();
          },
        }),
      );
    });
    expect(runs[0]).toBe('2025-03-30T01:00:00.000Z');
    expect(runs.every(at => at.endsWith(':00:00.000Z'))).toBe(true);
    expect([...runs].sort()).toEqual(runs);
    expect(new Set(runs).size).toBe(runs.length);
  });

  it('is woken each minute by node-cron at rate 1, and runs only when the cron says so', async () => {
    vi.useFakeTimers({ now: Date.parse('2025-01-01T09:57:30Z') });
    const runs: string[] = [];
    ticks.push(
      tick({
        ...{ name: 'hourly', when: '0 * * * *', clock: systemClock, logger },
        run: at => Promise.resolve(runs.push(at.toISOString())),
      }),
    );
    await vi.advanceTimersByTimeAsync(70 * 60_000);
    expect(runs).toEqual(['2025-01-01T10:00:00.000Z', '2025-01-01T11:00:00.000Z']);
  });

  it('never runs twice at once, survives a failure, and stops after the run under way', async () => {
    let under = 0;
    let most = 0;
    let count = 0;
    const made = tick({
      ...{ name: 'often', when: { everyMs: 1 }, clock: systemClock, logger },
      run: async () => {
        count++;
        most = Math.max(most, ++under);
        await new Promise(resolve => setTimeout(resolve, 5));
        under--;
        if (count === 1) throw new Error('the first fails');
      },
    });
    await vi.waitUntil(() => count >= 4);
    await made.stop();
    const atStop = count;
    expect([most, under]).toEqual([1, 0]);
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(count).toBe(atStop);
  });

  it('refuses what is no cron expression', () => {
    expect(() =>
      tick({ name: 'x', when: 'hourly', clock: systemClock, logger, run: () => Promise.resolve() }),
    ).toThrow();
  });
});
