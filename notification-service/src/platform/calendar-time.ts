import { Temporal } from 'temporal-polyfill';

/** Wall-clock time: what a clock and a calendar on the wall of a zone show. Dates are `YYYY-MM-DD`. */
export interface WallTime {
  date: string;
  /** 0–1439. */
  minute: number;
}

/** What the wall shows at an instant. `zone` is an IANA name; throws a RangeError where there is no such zone. */
export function wallTimeAt(at: Date, zone: string): WallTime {
  const local = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone);
  return { date: local.toPlainDate().toString(), minute: local.hour * 60 + local.minute };
}

/**
 * The instant at which the wall shows this date and minute (0–1440, 1440 = the next midnight). A time that is shown
 * twice is its first showing; one that is left out is as much later as the clocks jump.
 */
export function instantOf({ date, minute }: WallTime, zone: string): Date {
  const midnight = Temporal.PlainDate.from(date).toPlainDateTime();
  const local = midnight.add({ minutes: minute }).toZonedDateTime(zone, { disambiguation: 'compatible' });
  return new Date(local.epochMilliseconds);
}

/** The first instant of a date: not midnight where the clocks jump over it. */
export function startOfDate(date: string, zone: string): Date {
  return new Date(Temporal.PlainDate.from(date).toZonedDateTime(zone).epochMilliseconds);
}

const DAY_MS = 24 * 60 * 60_000;

export function addDays(date: string, days: number): string {
  return new Date(epochOf(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Whole dates from the first to the second; negative when the second is earlier. */
export const daysBetween = (from: string, to: string): number => (epochOf(to) - epochOf(from)) / DAY_MS;

/** ISO: 1 = Monday … 7 = Sunday. */
export const weekdayOf = (date: string): number => new Date(epochOf(date)).getUTCDay() || 7;

const epochOf = (date: string): number => Date.parse(`${date}T00:00:00Z`);
