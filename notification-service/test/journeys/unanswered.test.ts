import { afterEach, expect, it } from 'vitest';
import { runningClock } from '../manual-clock.ts';
import { refer, startTestApp, until, writeMessages } from '../test-app.ts';
import type { TestApp } from '../test-app.ts';
import { weekOf } from '../week.ts';

let test: TestApp;
afterEach(() => test.close());

const PEOPLE = 10;
const GAP_MS = 60_000;

it(
  'a run of unanswered first contacts slows the channel by itself, and the status says why',
  { timeout: 90_000 },
  async () => {
    const clock = runningClock('2026-03-02T09:00:00Z', 60);
    test = await startTestApp({
      environment: {
        RELANCE_MESSAGE_DELAY_MS: String(GAP_MS),
        RELANCE_MESSAGE_JITTER_MS: '0',
        RELANCE_WAVE_SIZE: '1000',
      },
      outside: { clock },
    });
    const week = weekOf(test, clock);
    const health = async () =>
      (
        (await test.member('m1').get('/status')).body.data as {
          health: { score: number; reasons: { sentence: string }[] };
        }
      ).health;
    /** The times between one message and the next of a day. */
    const gapsOfDay = async (day: number) => {
      const times = (await test.sent())
        .slice((day - 1) * PEOPLE, day * PEOPLE)
        .map(({ at }) => Date.parse(at));
      return times.slice(1).map((at, n) => at - times[n]!);
    };

    await writeMessages(test);
    await test.connect('m1', '33612000001');
    const people = Array.from({ length: PEOPLE }, (_, n) => ({
      _id: `p${n}`,
      name: `P${n}`,
      phoneNumber: `3365000001${n}`,
    }));
    await refer(test, 'm1', people);
    await test.admin().post('/admin/enrollment/run').expect(200);
    await week.untilSent(PEOPLE);
    expect((await health()).score).toBe(100);
    expect(Math.min(...(await gapsOfDay(1)))).toBeLessThan(1.5 * GAP_MS);

    await week.untilSent(2 * PEOPLE);
    await until(async () => (await health()).score < 100, 'the score falls');
    expect(await health()).toMatchObject({
      score: 88,
      reasons: [
        { sentence: `${PEOPLE} of ${PEOPLE} people did not answer two messages or more this week (−12)` },
      ],
    });
    await week.untilSent(3 * PEOPLE);
    expect(Math.min(...(await gapsOfDay(3)))).toBeGreaterThanOrEqual(1.5 * GAP_MS);
  },
);
