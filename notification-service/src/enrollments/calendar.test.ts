import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../platform/random.ts';
import {
  createCalendar,
  firstDue,
  lateDays,
  localDateOf,
  localMinuteOf,
  nextDue,
  windowAt,
} from './calendar.ts';
import type { SendingHours } from './calendar.ts';

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const DAYTIME: SendingHours = { window: { fromMinute: 8 * 60, toMinute: 20 * 60 }, days: EVERY_DAY };
const OVERNIGHT: SendingHours = { window: { fromMinute: 22 * 60, toMinute: 2 * 60 }, days: EVERY_DAY };
const middle = () => 0.5; // no jitter
const at = (iso: string) => new Date(iso);
const ZONES = [
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/Havana',
  'America/Sao_Paulo',
  'Pacific/Apia',
  'Africa/Casablanca',
  'UTC',
];

/** Wall-clock time of every due moment when each day goes out exactly when it is due. */
function sequence(options: {
  from: string;
  zone: string;
  hours: SendingHours;
  days: number;
  random?: () => number;
}) {
  const { zone, hours } = options;
  let now = firstDue({ now: at(options.from), zone, ...hours });
  const wallMinute = localMinuteOf(now, zone);
  const sent = [now];
  while (sent.length < options.days) {
    const lastLocalDate = localDateOf(now, zone);
    now = nextDue({ now, zone, wallMinute, lastLocalDate, random: options.random ?? middle, ...hours }).dueAt;
    sent.push(now);
  }
  return sent;
}
const wall = (sent: Date[], zone: string) =>
  sent.map(s => {
    const minute = localMinuteOf(s, zone);
    return `${localDateOf(s, zone)} ${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  });

describe('the same wall-clock minute on the next local date', () => {
  it('Berlin, into summer time: 23 hours later', () => {
    const sent = sequence({ from: '2026-03-28T09:00:00Z', zone: 'Europe/Berlin', hours: DAYTIME, days: 3 });
    expect(wall(sent, 'Europe/Berlin')).toEqual(['2026-03-28 10:00', '2026-03-29 10:00', '2026-03-30 10:00']);
    expect(sent.map(s => s.toISOString())[1]).toBe('2026-03-29T08:00:00.000Z');
  });

  it('Berlin, out of summer time: 25 hours later', () => {
    const sent = sequence({ from: '2026-10-24T08:00:00Z', zone: 'Europe/Berlin', hours: DAYTIME, days: 3 });
    expect(wall(sent, 'Europe/Berlin')).toEqual(['2026-10-24 10:00', '2026-10-25 10:00', '2026-10-26 10:00']);
    expect(sent.map(s => s.toISOString())[1]).toBe('2026-10-25T09:00:00.000Z');
  });

  it('Lord Howe changes by half an hour', () => {
    const sent = sequence({
      from: '2026-10-02T23:00:00Z',
      zone: 'Australia/Lord_Howe',
      hours: DAYTIME,
      days: 3,
    });
    expect(wall(sent, 'Australia/Lord_Howe')).toEqual([
      '2026-10-03 09:30',
      '2026-10-04 09:30',
      '2026-10-05 09:30',
    ]);
    expect(sent[1]!.getTime() - sent[0]!.getTime()).toBe(23.5 * 3_600_000);
  });

  it('Kathmandu is 5:45 ahead: the window opens at a quarter past', () => {
    expect(windowAt(at('2026-01-10T02:14:00Z'), 'Asia/Kathmandu', DAYTIME.window, EVERY_DAY)).toEqual({
      open: false,
      opensAt: at('2026-01-10T02:15:00Z'),
    });
    const sent = sequence({ from: '2026-01-10T00:00:00Z', zone: 'Asia/Kathmandu', hours: DAYTIME, days: 2 });
    expect(wall(sent, 'Asia/Kathmandu')).toEqual(['2026-01-10 08:00', '2026-01-11 08:00']);
  });

  it('a minute that the clocks jump over is that much later, and comes back the day after', () => {
    const night: SendingHours = { window: { fromMinute: 60, toMinute: 300 }, days: EVERY_DAY };
    const sent = sequence({ from: '2026-03-28T01:30:00Z', zone: 'Europe/Berlin', hours: night, days: 3 });
    expect(wall(sent, 'Europe/Berlin')).toEqual(['2026-03-28 02:30', '2026-03-29 03:30', '2026-03-30 02:30']);
  });

  it('a date that a zone leaves out is left out', () => {
    // Samoa had no 30 December 2011.
    const sent = sequence({ from: '2011-12-28T20:00:00Z', zone: 'Pacific/Apia', hours: DAYTIME, days: 3 });
    expect(wall(sent, 'Pacific/Apia')).toEqual(['2011-12-28 10:00', '2011-12-29 10:00', '2011-12-31 10:00']);
  });
});

describe('the window', () => {
  it('is open from its first minute and closed at its last', () => {
    const open = (iso: string) => windowAt(at(iso), 'UTC', DAYTIME.window, EVERY_DAY).open;
    expect(['07:59:59', '08:00:00', '19:59:59', '20:00:00'].map(t => open(`2026-05-04T${t}Z`))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('over midnight belongs to the weekday on which it opens', () => {
    const fridays = { window: OVERNIGHT.window, days: [5] };
    const open = (iso: string) => windowAt(at(iso), 'UTC', fridays.window, fridays.days).open;
    expect(open('2026-05-08T23:00:00Z')).toBe(true); // Friday evening
    expect(open('2026-05-09T01:59:00Z')).toBe(true); // Saturday, still Friday's
    expect(open('2026-05-09T23:00:00Z')).toBe(false); // Saturday evening
    expect(windowAt(at('2026-05-09T02:00:00Z'), 'UTC', fridays.window, fridays.days)).toEqual({
      open: false,
      opensAt: at('2026-05-15T22:00:00Z'),
    });
  });

  it('over midnight never brings two in one local day', () => {
    const sent = sequence({ from: '2026-10-23T22:30:00Z', zone: 'Europe/Berlin', hours: OVERNIGHT, days: 7 });
    expect(wall(sent, 'Europe/Berlin')).toEqual(
      ['24', '25', '26', '27', '28', '29', '30'].map(day => `2026-10-${day} 00:30`),
    );
  });

  it('jitter does not leave the window nor its date', () => {
    const next = (wallMinute: number, random: () => number, hours: SendingHours) =>
      wall(
        [
          nextDue({
            now: at('2026-05-04T12:00:00Z'),
            zone: 'UTC',
            wallMinute,
            lastLocalDate: '2026-05-04',
            random,
            ...hours,
          }).dueAt,
        ],
        'UTC',
      )[0];
    expect(next(8 * 60 + 5, () => 0, DAYTIME)).toBe('2026-05-05 08:00');
    expect(next(19 * 60 + 55, () => 0.999, DAYTIME)).toBe('2026-05-05 19:59');
    expect(next(5, () => 0, OVERNIGHT)).toBe('2026-05-05 00:00');
    expect(next(23 * 60 + 55, () => 0.999, OVERNIGHT)).toBe('2026-05-05 23:59');
    expect(next(12 * 60, () => 0, DAYTIME)).toBe('2026-05-05 11:40');
    expect(next(12 * 60, () => 0.999, DAYTIME)).toBe('2026-05-05 12:20');
  });

  it('only dates with a window are let pass: from Friday to Monday it is one', () => {
    const late = (dueAt: string, sentAt: string) =>
      lateDays({ dueAt: at(dueAt), at: at(sentAt), zone: 'Europe/Paris', days: [1, 2, 3, 4, 5] });
    expect(late('2026-05-08T08:00:00Z', '2026-05-11T08:00:00Z')).toBe(1);
    expect(late('2026-05-08T08:00:00Z', '2026-05-08T17:00:00Z')).toBe(0);
    // Local dates count, not 24 hours.
    expect(late('2026-05-06T18:00:00Z', '2026-05-06T22:30:00Z')).toBe(1);
    expect(late('2026-05-11T08:00:00Z', '2026-05-08T08:00:00Z')).toBe(0);
  });

  it('a weekday without a window is passed over and makes nothing late', () => {
    const workdays = { ...DAYTIME, days: [1, 2, 3, 4, 5] };
    const { dueAt, lateDays } = nextDue({
      now: at('2026-05-08T10:00:00Z'), // Friday
      ...{ zone: 'UTC', wallMinute: 600, lastLocalDate: '2026-05-08', random: middle },
      ...workdays,
    });
    expect(dueAt).toEqual(at('2026-05-11T10:00:00Z'));
    expect(lateDays).toBe(0);
  });
});

describe('after an outage', () => {
  const args = {
    zone: 'Europe/Berlin',
    wallMinute: 600,
    lastLocalDate: '2026-05-04',
    random: middle,
    ...DAYTIME,
  };

  it('of three days, what is missed goes out once, now, and later days shift', () => {
    const now = at('2026-05-08T12:00:00Z');
    const first = nextDue({ ...args, now });
    expect(first).toEqual({ dueAt: now, lateDays: 3 });
    const second = nextDue({ ...args, now, lastLocalDate: '2026-05-08' });
    expect(second).toEqual({ dueAt: at('2026-05-09T08:00:00Z'), lateDays: 0 });
  });

  it('ended before the minute of the day: that minute is kept', () => {
    expect(nextDue({ ...args, now: at('2026-05-08T06:30:00Z') }).dueAt).toEqual(at('2026-05-08T08:00:00Z'));
  });

  it('ended after the window: the next date', () => {
    expect(nextDue({ ...args, now: at('2026-05-07T19:00:00Z') })).toEqual({
      dueAt: at('2026-05-08T08:00:00Z'),
      lateDays: 3,
    });
  });
});

describe('for any zone, window and moment', () => {
  const hours = fc.record({
    window: fc
      .record({ fromMinute: fc.integer({ min: 0, max: 1439 }), toMinute: fc.integer({ min: 0, max: 1439 }) })
      .filter(w => w.fromMinute !== w.toMinute),
    days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
  });
  const instant = fc
    .integer({
      min: Date.parse('2011-12-01T00:00:00Z') / 1000,
      max: Date.parse('2030-01-01T00:00:00Z') / 1000,
    })
    .map(s => new Date(s * 1000));
  const situation = fc.record({ hours, now: instant, zone: fc.constantFrom(...ZONES), seed: fc.integer() });

  it('the opening is in the future and open, and nothing before it is', () => {
    fc.assert(
      fc.property(
        situation,
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ hours: { window, days }, now, zone }, share) => {
          const found = windowAt(now, zone, window, days);
          if (found.open) return;
          expect(found.opensAt.getTime()).toBeGreaterThan(now.getTime());
          expect(windowAt(found.opensAt, zone, window, days).open).toBe(true);
          const between = new Date(
            now.getTime() + Math.floor((found.opensAt.getTime() - now.getTime() - 1) * share),
          );
          expect(windowAt(between, zone, window, days).open).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never two in one local day, never in the past, always in the window, also with outages between', () => {
    fc.assert(
      fc.property(
        situation,
        fc.array(fc.integer({ min: 0, max: 5 * 86_400 }), { minLength: 6, maxLength: 6 }),
        ({ hours: h, now, zone, seed }, outages) => {
          const calendar = createCalendar(h);
          const random = seededRandom(seed);
          let sentAt = calendar.firstDue({ now, zone });
          const wallMinute = localMinuteOf(sentAt, zone);
          for (const outageSeconds of outages) {
            const lastLocalDate = localDateOf(sentAt, zone);
            const resumed = new Date(sentAt.getTime() + outageSeconds * 1000);
            const { dueAt, lateDays } = calendar.nextDue({
              now: resumed,
              zone,
              wallMinute,
              lastLocalDate,
              random,
            });
            expect(dueAt.getTime()).toBeGreaterThanOrEqual(resumed.getTime());
            expect(localDateOf(dueAt, zone) > lastLocalDate).toBe(true);
            expect(calendar.windowAt(dueAt, zone).open).toBe(true);
            expect(lateDays).toBeGreaterThanOrEqual(0);
            sentAt = dueAt;
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('without an outage nothing is late while every weekday has a window', () => {
    fc.assert(
      fc.property(situation, ({ now, zone, seed }) => {
        const calendar = createCalendar(DAYTIME);
        const sentAt = calendar.firstDue({ now, zone });
        const lastLocalDate = localDateOf(sentAt, zone);
        const wallMinute = localMinuteOf(sentAt, zone);
        const { lateDays } = calendar.nextDue({
          now: sentAt,
          zone,
          wallMinute,
          lastLocalDate,
          random: seededRandom(seed),
        });
        expect(lateDays).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
