/** A cron expression of five fields, as the sets of what it allows. Days are 1–31, weekdays 0 (Sunday) – 6. */
export interface Cron {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  days: ReadonlySet<number>;
  months: ReadonlySet<number>;
  weekdays: ReadonlySet<number>;
  /** As cron does it: with both the day and the weekday restricted, one of them is enough. */
  eitherDay: boolean;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** 29 February may be eight years away, and with a weekday up to forty. */
const HORIZON_DAYS = 41 * 366;

/** The first minute after `now` (UTC) that the expression allows; null when there is none (30 February). Throws on a malformed one. */
export function nextRun(expression: string | Cron, now: Date): Date | null {
  const cron = typeof expression === 'string' ? parseCron(expression) : expression;
  if (!cron) throw new Error('This is not a cron expression of five fields.');
  const fromMs = Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const firstDayMs = Math.floor(fromMs / DAY_MS) * DAY_MS;
  for (let day = 0; day < HORIZON_DAYS; day++) {
    const dayMs = firstDayMs + day * DAY_MS;
    if (!allowsDay(cron, new Date(dayMs))) continue;
    const found = firstMinute(cron, dayMs, fromMs);
    if (found !== null) return new Date(found);
  }
  return null;
}

function allowsDay(cron: Cron, day: Date): boolean {
  if (!cron.months.has(day.getUTCMonth() + 1)) return false;
  const byDay = cron.days.has(day.getUTCDate());
  const byWeekday = cron.weekdays.has(day.getUTCDay());
  return cron.eitherDay ? byDay || byWeekday : byDay && byWeekday;
}

function firstMinute(cron: Cron, dayMs: number, fromMs: number): number | null {
  const startMinute = Math.max(0, (fromMs - dayMs) / MINUTE_MS);
  for (let minute = startMinute; minute < 1_440; minute++) {
    if (!cron.hours.has(Math.floor(minute / 60))) minute = Math.floor(minute / 60) * 60 + 59;
    else if (cron.minutes.has(minute % 60)) return dayMs + minute * MINUTE_MS;
  }
  return null;
}

/** Reads numbers, names (JAN, MON), `*`, lists, ranges and steps; 7 is Sunday too. Null when it is malformed. */
export function parseCron(expression: string): Cron | null {
  const fields = expression.trim().split(/\s+/);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  const sets = [
    readField(minute, 0, 59),
    readField(hour, 0, 23),
    readField(day, 1, 31),
    readField(month, 1, 12, MONTHS),
    readField(weekday, 0, 7, WEEKDAYS),
  ];
  const [minutes, hours, days, months, weekdays] = sets;
  if (fields.length !== 5 || !minutes || !hours || !days || !months || !weekdays) return null;
  if (weekdays.has(7)) weekdays.add(0);
  return {
    minutes,
    hours,
    days,
    months,
    weekdays,
    eitherDay: !day.startsWith('*') && !weekday.startsWith('*'),
  };
}

const MONTHS = ['', 'JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

function readField(
  field: string,
  min: number,
  max: number,
  names: readonly string[] = [],
): Set<number> | null {
  const allowed = new Set<number>();
  for (const part of field.split(',')) {
    const found = /^(\*|[A-Z]+|\d+)(?:-([A-Z]+|\d+))?(?:\/(\d+))?$/i.exec(part);
    if (!found) return null;
    const [, first = '', last, stepText] = found;
    const step = Number(stepText ?? 1);
    const from = first === '*' ? min : numberOf(first, names);
    // `5/10` means from 5 on; `*/10` of weekdays must not count Sunday twice.
    const openEnd = first === '*' || stepText !== undefined ? (max === 7 ? 6 : max) : from;
    const to = last === undefined ? openEnd : numberOf(last, names);
    if (first === '*' && last !== undefined) return null;
    if (!(from >= min && to <= max && from <= to && step >= 1)) return null;
    for (let value = from; value <= to; value += step) allowed.add(value);
  }
  return allowed;
}

function numberOf(text: string, names: readonly string[]): number {
  if (/^\d+$/.test(text)) return Number(text);
  const index = names.indexOf(text.toUpperCase());
  return index < 0 || text === '' ? Number.NaN : index;
}
