import { Temporal } from 'temporal-polyfill';

/** Wall-clock time: what a clock and a calendar on the wall of a zone show. Dates are `YYYY-MM-DD`. */
export interface WallTime {
  date: string;
  /** 0–1439. */
  minute: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What the wall shows at an instant. `zone` is an IANA name; throws a RangeError where there is no such zone. */
export function wallTimeAt(at: Date, zone: string): WallTime {
  const atMs = at.getTime();
  const day = daysOf(zone).find(known => known.fromMs <= atMs && atMs < known.toMs) ?? learnDayAt(atMs, zone);
  if (day.isPlain) return { date: day.date, minute: Math.floor((atMs - day.fromMs) / MINUTE_MS) };
  const local = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone);
  return { date: day.date, minute: local.hour * 60 + local.minute };
}

/**
 * The instant at which the wall shows this date and minute. A time that is shown twice is its first showing; one that
 * is left out is as much later as the clocks jump.
 */
export function instantOf({ date, minute }: WallTime, zone: string): Date {
  const day = dayOf(date, zone);
  if (day.isPlain) return new Date(day.fromMs + minute * MINUTE_MS);
  const local = Temporal.PlainDate.from(date).toPlainDateTime().add({ minutes: minute });
  return new Date(local.toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds);
}

/** The first instant of a date: not midnight where the clocks jump over it. */
export const startOfDate = (date: string, zone: string): Date => new Date(dayOf(date, zone).fromMs);

export function addDays(date: string, days: number): string {
  return new Date(epochOf(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Whole dates from the first to the second; negative when the second is earlier. */
export const daysBetween = (from: string, to: string): number => (epochOf(to) - epochOf(from)) / DAY_MS;

/** ISO: 1 = Monday … 7 = Sunday. */
export const weekdayOf = (date: string): number => new Date(epochOf(date)).getUTCDay() || 7;

const epochOf = (date: string): number => Date.parse(`${date}T00:00:00Z`);

/** One local date in instants. */
interface Day {
  date: string;
  fromMs: number;
  /** The first instant of the next date. */
  toMs: number;
  /** 24 hours without a change of the clocks: minutes may be counted. */
  isPlain: boolean;
}

/**
 * Asking the zone's rules takes a third of a millisecond, and a turn asks about the same few dates again and again:
 * the last dates asked about are remembered, by zone.
 */
const REMEMBERED_DAYS = 24;
const REMEMBERED_ZONES = 500;
const days = new Map<string, Day[]>();

function daysOf(zone: string): Day[] {
  const known = days.get(zone);
  if (known) return known;
  if (days.size >= REMEMBERED_ZONES) days.clear();
  const fresh: Day[] = [];
  days.set(zone, fresh);
  return fresh;
}

const dayOf = (date: string, zone: string): Day =>
  daysOf(zone).find(known => known.date === date) ?? learnDay(Temporal.PlainDate.from(date), zone);

const learnDayAt = (atMs: number, zone: string): Day =>
  learnDay(Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone).toPlainDate(), zone);

function learnDay(date: Temporal.PlainDate, zone: string): Day {
  const from = date.toZonedDateTime(zone);
  const fromMs = from.epochMilliseconds;
  const toMs = date.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds;
  const startsAtMidnight = from.hour === 0 && from.minute === 0 && from.second === 0;
  const day = { date: date.toString(), fromMs, toMs, isPlain: startsAtMidnight && toMs - fromMs === DAY_MS };
  const known = daysOf(zone);
  if (known.length >= REMEMBERED_DAYS) known.shift();
  known.push(day);
  return day;
}
