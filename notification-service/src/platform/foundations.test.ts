import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { monotonicNowMs, parseSimulatedCalendar, simulatedClock } from './clock.ts';
import { AppError, ERROR_STATUS } from './errors.ts';
import {
  channelIdOf,
  defaultCampaignIdOf,
  enrollmentIdOf,
  ID_PATTERN,
  idOf,
  newId,
  USER_ID_PATTERN,
} from './ids.ts';
import { newToken, randomInt, seededRandom } from './random.ts';

describe('an accelerated calendar', () => {
  it('runs at its rate, the same for everybody with the same three numbers', () => {
    const originMs = Date.now();
    const calendar = { originMs, startMs: Date.parse('2025-01-01T00:00:00Z'), rate: 86_400 };
    const [one, two] = [simulatedClock(calendar), simulatedClock(calendar)];
    const before = Date.now();
    const found = one.now().getTime();
    const after = Date.now();
    expect(found).toBeGreaterThanOrEqual(calendar.startMs + (before - originMs) * 86_400);
    expect(found).toBeLessThanOrEqual(calendar.startMs + (after - originMs) * 86_400);
    expect(two.now().getTime() - found).toBeLessThan(86_400 * 1_000);
  });

  it.each([
    ['origin=2025-01-01T00:00:00Z,start=2024-01-01T00:00:00Z,rate=60', { rate: 60 }],
    [' origin = 2025-01-01T00:00:00Z , start=2024-01-01T00:00:00Z, rate=1.5', { rate: 1.5 }],
  ])('is read from %j', (text, expected) => {
    expect(parseSimulatedCalendar(text)).toMatchObject(expected);
  });

  it.each([
    '',
    'rate=60',
    'origin=x,start=y,rate=1',
    'origin=2025-01-01T00:00:00Z,start=2024-01-01T00:00:00Z,rate=0.5',
  ])('is not read from %j', text => {
    expect(parseSimulatedCalendar(text)).toBeUndefined();
  });

  it('leaves machine time alone', () => {
    const before = monotonicNowMs();
    expect(monotonicNowMs()).toBeGreaterThanOrEqual(before);
  });
});

describe('ids', () => {
  it('have one form, made by chance or from words', () => {
    for (const id of [
      newId(),
      newToken(),
      idOf('a'),
      channelIdOf('m'),
      defaultCampaignIdOf('m'),
      enrollmentIdOf('c', 'r'),
    ]) {
      expect(id).toMatch(ID_PATTERN);
    }
  });

  it('made from words are the same for the same words only', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) => {
        fc.pre(!a.concat(b).some(word => word.includes('\u0000')));
        expect(idOf(...a) === idOf(...b)).toBe(
          (a.length === b.length && a.every((word, at) => word === b[at])) ||
            (a.join('') === '' && b.join('') === '' && Math.max(a.length, b.length) <= 1),
        );
      }),
    );
    expect(idOf('ab', 'c')).not.toBe(idOf('a', 'bc'));
  });

  it('of users are what the platform gives', () => {
    expect(['u1', 'A_b-9', 'x'.repeat(64)].every(id => USER_ID_PATTERN.test(id))).toBe(true);
    expect(['', 'a b', 'a/b', 'x'.repeat(65), 'é', 'a\n'].some(id => USER_ID_PATTERN.test(id))).toBe(false);
  });
});

describe('chance', () => {
  it('is the same for a seed, even, and within its bounds', () => {
    const [a, b] = [seededRandom(7), seededRandom(7)];
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 5_000; i++) {
      const value = randomInt(a, 10, 14);
      expect(value).toBe(randomInt(b, 10, 14));
      counts[value - 10]!++;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
  });
});

it('an error carries what the answer needs', () => {
  const error = new AppError('rate_limited', 'Slow down.', {
    details: { a: 1 },
    retryAfterSeconds: 3,
    cause: 'x',
  });
  expect(error).toMatchObject({
    code: 'rate_limited',
    message: 'Slow down.',
    details: { a: 1 },
    retryAfterSeconds: 3,
    cause: 'x',
  });
  expect(Object.values(ERROR_STATUS).every(status => status >= 400 && status < 600)).toBe(true);
});
