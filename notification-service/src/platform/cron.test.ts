import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextRun, parseCron } from './cron.ts';

const next = (cron: string, now: string) => nextRun(cron, new Date(now))?.toISOString() ?? null;

describe('nextRun', () => {
  it.each([
    ['0 * * * *', '2025-01-01T10:00:00Z', '2025-01-01T11:00:00.000Z'],
    ['0 * * * *', '2025-01-01T09:59:59.999Z', '2025-01-01T10:00:00.000Z'],
    ['* * * * *', '2025-12-31T23:59:30Z', '2026-01-01T00:00:00.000Z'],
    ['*/15 8-10,20 * * *', '2025-01-01T10:46:00Z', '2025-01-01T20:00:00.000Z'],
    ['30 6 * * MON-FRI', '2025-01-03T07:00:00Z', '2025-01-06T06:30:00.000Z'],
    ['0 0 * * 7', '2025-01-01T00:00:00Z', '2025-01-05T00:00:00.000Z'],
    ['0 0 13 * 5', '2025-06-01T00:00:00Z', '2025-06-06T00:00:00.000Z'],
    ['0 0 29 2 *', '2025-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 0 29 2 *', '2096-03-01T00:00:00Z', '2104-02-29T00:00:00.000Z'],
    ['5/20 3 1 JAN *', '2025-01-01T03:06:00Z', '2025-01-01T03:25:00.000Z'],
    ['0 0 30 2 *', '2025-01-01T00:00:00Z', null],
  ])('%s after %s is %s', (cron, now, expected) => {
    expect(next(cron, now)).toBe(expected);
  });

  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '5-1 * * * *',
    '*/0 * * * *',
    '1,,2 * * * *',
    '*-3 * * * *',
    'x * * * *',
    '* * * * 8',
  ])('refuses %j', cron => {
    expect(parseCron(cron)).toBeNull();
    expect(() => nextRun(cron, new Date(0))).toThrow();
  });
});

/** One field as text and as the plain list of what it allows. */
const field = (min: number, max: number) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant({ text: '*', allowed: range(min, max) }) },
    fc.integer({ min, max }).map(value => ({ text: String(value), allowed: [value] })),
    fc
      .tuple(fc.integer({ min, max }), fc.integer({ min, max }), fc.integer({ min: 1, max: 20 }))
      .map(([a, b, step]) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        return {
          text: `${from}-${to}/${step}`,
          allowed: range(from, to).filter(value => (value - from) % step === 0),
        };
      }),
    fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 }).map(values => ({
      text: values.join(','),
      allowed: values,
    })),
  );
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('nextRun against stepping through every minute', () => {
  it('agrees', () => {
    const crons = fc.tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6));
    const instants = fc.date({
      min: new Date('2023-11-01T00:00:00Z'),
      max: new Date('2026-03-05T00:00:00Z'),
      noInvalidDate: true,
    });
    let found = 0;
    fc.assert(
      fc.property(crons, instants, ([minute, hour, day, month, weekday], now) => {
        const text = [minute, hour, day, month, weekday].map(part => part.text).join(' ');
        const restricted = day.text !== '*' && weekday.text !== '*';
        const allows = (at: Date) => {
          const byDay = day.allowed.includes(at.getUTCDate());
          const byWeekday = weekday.allowed.includes(at.getUTCDay());
          return (
            minute.allowed.includes(at.getUTCMinutes()) &&
            hour.allowed.includes(at.getUTCHours()) &&
            month.allowed.includes(at.getUTCMonth() + 1) &&
            (restricted ? byDay || byWeekday : byDay && byWeekday)
          );
        };
        const stepsLimit = 60 * 24 * 45;
        let at = Math.floor(now.getTime() / 60_000) * 60_000 + 60_000;
        let steps = 0;
        while (steps < stepsLimit && !allows(new Date(at))) {
          at += 60_000;
          steps++;
        }
        const answer = nextRun(text, now);
        if (steps < stepsLimit) {
          found++;
          expect(answer?.getTime()).toBe(at);
        } else expect(answer === null || answer.getTime() >= at).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(found).toBeGreaterThan(100);
  });
});
