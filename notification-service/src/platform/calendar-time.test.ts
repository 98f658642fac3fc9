import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { addDays, daysBetween, instantOf, startOfDate, wallTimeAt, weekdayOf } from './calendar-time.ts';

const zone = fc.constantFrom(
  ...['Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/Havana', 'America/Sao_Paulo'],
  ...['Pacific/Apia', 'Africa/Casablanca', 'Asia/Tehran', 'America/St_Johns', 'UTC'],
);
const from = Date.parse('2005-01-01T00:00:00Z');
const to = Date.parse('2035-01-01T00:00:00Z');
const instant = fc.integer({ min: from, max: to }).map(ms => new Date(ms));

describe('wall-clock time', () => {
  it('is what the rules of the zone say, remembered or not', () => {
    fc.assert(
      fc.property(instant, zone, (at, name) => {
        const local = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(name);
        const expected = { date: local.toPlainDate().toString(), minute: local.hour * 60 + local.minute };
        expect(wallTimeAt(at, name)).toEqual(expected);
        expect(wallTimeAt(at, name)).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it('an instant is what the rules of the zone say', () => {
    fc.assert(
      fc.property(instant, zone, fc.integer({ min: 0, max: 1439 }), (at, name, minute) => {
        const date = at.toISOString().slice(0, 10);
        const expected = Temporal.PlainDate.from(date)
          .toPlainDateTime({ hour: Math.floor(minute / 60), minute: minute % 60 })
          .toZonedDateTime(name, { disambiguation: 'compatible' });
        expect(instantOf({ date, minute }, name).getTime()).toBe(expected.epochMilliseconds);
        expect(startOfDate(date, name).getTime()).toBe(
          Temporal.PlainDate.from(date).toZonedDateTime(name).epochMilliseconds,
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('refuses a zone that does not exist', () => {
    expect(() => wallTimeAt(new Date(0), 'Mars/Olympus')).toThrow(RangeError);
  });

  it('counts dates', () => {
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(addDays('2025-01-01', -1)).toBe('2024-12-31');
    expect(daysBetween('2025-03-29', '2025-03-31')).toBe(2);
    expect(['2026-05-04', '2026-05-10'].map(weekdayOf)).toEqual([1, 7]);
  });
});
