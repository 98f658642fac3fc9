import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HealthBand } from './channel-model.ts';
import { bandOf, brakesOf, nextHealth, scoreHealth } from './health.ts';
import type { HealthSignals } from './health.ts';

const CALM: HealthSignals = {
  tried: 100,
  refused: 0,
  stuck: 0,
  old: 100,
  undelivered: 0,
  people: 100,
  unanswered: 0,
  optOuts: 0,
  lockedHoursAgo: null,
  capped: 0,
  disconnects: 0,
  unlinked: 0,
  unknowns: 0,
  banned: false,
};
const lost = (changed: Partial<HealthSignals>) => 100 - scoreHealth({ ...CALM, ...changed }).score;

describe('scoreHealth', () => {
  it.each<[string, Partial<HealthSignals>, number]>([
    ['2 % refused is usual', { refused: 2 }, 0],
    ['refused', { refused: 12, tried: 80 }, 13],
    ['refused, at most', { refused: 100 }, 25],
    ['too few tried', { refused: 9, tried: 9 }, 0],
    ['stuck', { stuck: 3 }, 12],
    ['stuck, at most', { stuck: 9 }, 20],
    ['undelivered', { undelivered: 20 }, 5],
    ['undelivered, at most', { undelivered: 100 }, 15],
    ['unanswered', { unanswered: 90 }, 8],
    ['unanswered, at most', { unanswered: 100 }, 12],
    ['opted out', { optOuts: 3 }, 8],
    ['opted out, too few people', { optOuts: 19, people: 19 }, 0],
    ['opted out, at most', { optOuts: 50 }, 20],
    ['463 just now', { lockedHoursAgo: 0 }, 40],
    ['463 fades', { lockedHoursAgo: 36 }, 20],
    ['463 has faded', { lockedHoursAgo: 72 }, 0],
    ['475 once', { capped: 1 }, 10],
    ['475 twice', { capped: 2 }, 20],
    ['475 again and again', { capped: 7 }, 30],
    ['two disconnects', { disconnects: 2 }, 0],
    ['from the third', { disconnects: 3 }, 3],
    ['disconnects, at most', { disconnects: 20 }, 15],
    ['unlinked', { unlinked: 1 }, 10],
    ['unlinked, at most', { unlinked: 5 }, 20],
    ['unknowns', { unknowns: 2 }, 4],
    ['unknowns, at most', { unknowns: 20 }, 10],
    ['banned', { banned: true }, 100],
  ])('%s', (_name, changed, points) => {
    expect(lost(changed)).toBe(points);
  });

  it('says why', () => {
    const { reasons } = scoreHealth({ ...CALM, refused: 12, tried: 80 });
    expect(reasons).toEqual([
      { code: 'refused', points: 13, sentence: '12 of 80 messages were refused today (−13)' },
    ]);
  });

  it('never leaves 0–100, and its reasons add up', () => {
    const n = fc.nat(1_000);
    const signals = fc.record({
      ...{ tried: n, refused: n, stuck: n, old: n, undelivered: n, people: n, unanswered: n, optOuts: n },
      ...{ capped: n, disconnects: n, unlinked: n, unknowns: n, banned: fc.boolean() },
      lockedHoursAgo: fc.option(n),
    });
    fc.assert(
      fc.property(signals, found => {
        const { score, reasons } = scoreHealth(found);
        const points = reasons.reduce((sum, reason) => sum + reason.points, 0);
        expect(score).toBe(Math.max(0, 100 - points));
      }),
    );
  });
});

describe('bands', () => {
  const NOW = Date.UTC(2026, 0, 10, 12);
  const at = (hours: number) => new Date(NOW + hours * 3_600_000);
  const walk = (from: HealthBand, steps: [hours: number, score: number][]): HealthBand => {
    let health: Pick<ReturnType<typeof nextHealth>, 'band' | 'betterSince'> = {
      band: from,
      betterSince: null,
    };
    for (const [hours, score] of steps) health = nextHealth(health, { score, reasons: [] }, at(hours));
    return health.band;
  };

  it.each<[number, HealthBand]>([
    [80, 'healthy'],
    [79, 'watch'],
    [60, 'watch'],
    [59, 'poor'],
    [40, 'poor'],
    [39, 'critical'],
  ])('%i is %s', (score, band) => expect(bandOf(score)).toBe(band));

  it('goes down at once, several bands too', () => {
    expect(walk('healthy', [[0, 20]])).toBe('critical');
    expect(walk('healthy', [[0, 79]])).toBe('watch');
  });

  it('goes up one band when clearly better for long enough', () => {
    expect(
      walk('watch', [
        [0, 85],
        [5.9, 85],
      ]),
    ).toBe('watch');
    expect(
      walk('watch', [
        [0, 85],
        [6, 85],
      ]),
    ).toBe('healthy');
    expect(
      walk('watch', [
        [0, 84],
        [6, 84],
      ]),
    ).toBe('watch');
    expect(
      walk('watch', [
        [0, 85],
        [3, 84],
        [6, 85],
        [11, 85],
      ]),
    ).toBe('watch');
    expect(
      walk('poor', [
        [0, 100],
        [23, 100],
      ]),
    ).toBe('poor');
    expect(
      walk('critical', [
        [0, 100],
        [24, 100],
      ]),
    ).toBe('poor');
    expect(
      walk('critical', [
        [0, 100],
        [24, 100],
        [47, 100],
      ]),
    ).toBe('poor');
    expect(
      walk('critical', [
        [0, 100],
        [24, 100],
        [48, 100],
        [54, 100],
      ]),
    ).toBe('healthy');
  });
});

describe('brakesOf', () => {
  const inBand = (band: HealthBand, ...codes: string[]) =>
    brakesOf({ band, reasons: codes.map(code => ({ code, points: 12, sentence: '' })) });

  it('people who do not answer slow a healthy channel like watch, and loosen no other', () => {
    expect(inBand('healthy', 'unanswered')).toEqual(inBand('watch'));
    expect(inBand('healthy', 'unknown')).toEqual(inBand('healthy'));
    expect(inBand('poor', 'unanswered')).toEqual(inBand('poor'));
  });

  it('slows more the worse it gets, and rests at last', () => {
    expect(inBand('healthy')).toMatchObject({ gapFactor: 1, capFactor: 1, firstContactsAllowed: true });
    expect(inBand('watch')).toMatchObject({ gapFactor: 1.5, firstContactFactor: 0.5, rest: false });
    expect(inBand('poor')).toMatchObject({
      gapFactor: 2.5,
      capFactor: 0.5,
      firstContactsAllowed: false,
      rest: false,
    });
    expect(inBand('critical').rest).toBe(true);
  });
});
