import {
  addDays,
  daysBetween,
  instantOf,
  startOfDate,
  wallTimeAt,
  weekdayOf,
} from '../platform/calendar-time.ts';
import { randomInt } from '../platform/random.ts';
import type { Random } from '../platform/random.ts';

/** When people may be written to. Minutes are 0–1439 of the person's own wall clock; `fromMinute > toMinute` spans midnight. */
export interface SendingHours {
  window: { fromMinute: number; toMinute: number };
  /** ISO weekdays (1 = Monday) on which a window opens. */
  days: readonly number[];
}

const JITTER_MINUTES = 20;
const MINUTE_MS = 60_000;
/** With at least one weekday, a window opens within eight dates; one of them may be swallowed by a clock change. */
const LOOK_AHEAD_DAYS = 15;

export const localDateOf = (at: Date, zone: string): string => wallTimeAt(at, zone).date;
/** 0–1439. */
export const localMinuteOf = (at: Date, zone: string): number => wallTimeAt(at, zone).minute;

/** Whether people of this zone may be written to at an instant, and if not, when next. */
export function windowAt(
  at: Date,
  zone: string,
  window: SendingHours['window'],
  days: readonly number[],
): { open: true } | { open: false; opensAt: Date } {
  const today = localDateOf(at, zone);
  for (let ahead = -1; ahead <= LOOK_AHEAD_DAYS; ahead++) {
    const span = spanOf(addDays(today, ahead), zone, { window, days });
    if (span === null || span.toMs <= at.getTime()) continue;
    return span.fromMs <= at.getTime() ? { open: true } : { open: false, opensAt: new Date(span.fromMs) };
  }
  throw new RangeError('No weekday has a sending window.');
}

/** Day 1: now if the window is open, else when it opens. */
export function firstDue({ now, zone, window, days }: { now: Date; zone: string } & SendingHours): Date {
  const found = windowAt(now, zone, window, days);
  return found.open ? now : found.opensAt;
}

/**
 * The next day of a sequence: on a later local date than `lastLocalDate`, at `wallMinute` ± 20 minutes, moved into the
 * window but never out of its date. Where that moment has passed (an outage), it is the first open moment from now on.
 * `lateDays`: dates with a window that had to be let pass.
 */
export function nextDue(
  args: { now: Date; zone: string; wallMinute: number; lastLocalDate: string; random: Random } & SendingHours,
): { dueAt: Date; lateDays: number } {
  const { now, zone, lastLocalDate } = args;
  const jitterMs = randomInt(args.random, -JITTER_MINUTES, JITTER_MINUTES) * MINUTE_MS;
  const next = addDays(lastLocalDate, 1);
  const today = localDateOf(now, zone);
  let date = today > next ? today : next;
  let lateDays = openDates(next, date, args.days);
  for (let looked = 0; looked <= LOOK_AHEAD_DAYS; looked++, date = addDays(date, 1)) {
    const spans = spansWithin(date, zone, args);
    const wantedMs = instantOf({ date, minute: args.wallMinute }, zone).getTime() + jitterMs;
    const dueMs = momentIn(spans, wantedMs, now.getTime());
    if (dueMs !== null) return { dueAt: new Date(dueMs), lateDays };
    if (spans.length > 0) lateDays += 1;
  }
  throw new RangeError('No weekday has a sending window.');
}

/** Dates with a window that were let pass from the local date of `dueAt` on, before that of `at`. */
export function lateDays({
  dueAt,
  at,
  zone,
  days,
}: { dueAt: Date; at: Date; zone: string } & Pick<SendingHours, 'days'>): number {
  const [due, date] = [localDateOf(dueAt, zone), localDateOf(at, zone)];
  return date > due ? openDates(due, date, days) : 0;
}

/** Milliseconds since the epoch; `toMs` is the first instant after it. */
interface Span {
  fromMs: number;
  toMs: number;
}

/** The window that opens on a date, in instants; null when none does. */
function spanOf(date: string, zone: string, { window, days }: SendingHours): Span | null {
  if (!days.includes(weekdayOf(date))) return null;
  const spansMidnight = window.fromMinute > window.toMinute;
  const fromMs = instantOf({ date, minute: window.fromMinute }, zone).getTime();
  const toMs = instantOf(
    { date: spansMidnight ? addDays(date, 1) : date, minute: window.toMinute },
    zone,
  ).getTime();
  return fromMs < toMs ? { fromMs, toMs } : null;
}

/** What of the windows lies within one local date, in order. */
function spansWithin(date: string, zone: string, hours: SendingHours): Span[] {
  const dateFromMs = startOfDate(date, zone).getTime();
  const dateToMs = startOfDate(addDays(date, 1), zone).getTime();
  return [addDays(date, -1), date]
    .map(opens => spanOf(opens, zone, hours))
    .filter(span => span !== null)
    .map(({ fromMs, toMs }) => ({ fromMs: Math.max(fromMs, dateFromMs), toMs: Math.min(toMs, dateToMs) }))
    .filter(({ fromMs, toMs }) => fromMs < toMs);
}

/** The moment nearest to the wanted one that lies in a span; the first open moment from now where that has passed. */
function momentIn(spans: readonly Span[], wantedMs: number, nowMs: number): number | null {
  const moved = spans
    .map(span => Math.min(Math.max(wantedMs, span.fromMs), lastMinuteOf(span)))
    .sort((a, b) => Math.abs(a - wantedMs) - Math.abs(b - wantedMs))[0];
  if (moved === undefined) return null;
  if (moved >= nowMs) return moved;
  const left = spans.find(span => span.toMs > nowMs);
  return left ? Math.max(left.fromMs, nowMs) : null;
}

const lastMinuteOf = ({ fromMs, toMs }: Span): number => Math.max(fromMs, toMs - MINUTE_MS);

/** How many dates from `from` up to, but not including, `to` have a window that opens. */
function openDates(from: string, to: string, days: readonly number[]): number {
  const count = daysBetween(from, to);
  const whole = Math.floor(count / 7);
  const rest = Array.from({ length: count - whole * 7 }, (_, i) => weekdayOf(addDays(from, i)));
  return whole * days.length + rest.filter(weekday => days.includes(weekday)).length;
}

/** The calendar with its sending hours chosen once, as a turn uses it. */
export const createCalendar = (hours: SendingHours) => ({
  localDateOf,
  localMinuteOf,
  windowAt: (at: Date, zone: string) => windowAt(at, zone, hours.window, hours.days),
  firstDue: (args: { now: Date; zone: string }): Date => firstDue({ ...args, ...hours }),
  nextDue: (args: { now: Date; zone: string; wallMinute: number; lastLocalDate: string; random: Random }) =>
    nextDue({ ...args, ...hours }),
  lateDays: (dueAt: Date, at: Date, zone: string) => lateDays({ dueAt, at, zone, ...hours }),
});
export type EnrollmentCalendar = ReturnType<typeof createCalendar>;
