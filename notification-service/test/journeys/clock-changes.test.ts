import { afterEach, describe, expect, it } from 'vitest';
import type { EnrollmentDoc } from '../../src/enrollments/index.ts';
import { daysBetween, wallTimeAt } from '../../src/platform/calendar-time.ts';
import type { ManualClock } from '../manual-clock.ts';
import { runningClock } from '../manual-clock.ts';
import { weekOf } from '../week.ts';
import type { Week } from '../week.ts';
import { refer, startTestApp, writeMessages } from '../test-app.ts';
import type { TestApp } from '../test-app.ts';

/** A whole week through the service where clocks change; the judge is WhatsApp's log, by the people's own local dates. */
let test: TestApp;
let clock: ManualClock;
let week: Week;
afterEach(() => test.close());

const [HOUR, DAY] = [3_600_000, 86_400_000] as const;
const BERLIN = { zone: 'Europe/Berlin', phones: ['4915123456701', '4915123456702'] };
const DAYTIME = { RELANCE_WINDOW: '08:00-20:00' };
/** Messages fenced at a moment are with WhatsApp a little later: typing, and the wire. */
const ON_THE_WAY_MINUTES = 5;

const enrollments = () => test.stores.db.collection<EnrollmentDoc>('enrollments').find().toArray();

async function begin(start: string, { zone, phones }: typeof BERLIN, environment: Record<string, string>) {
  // So fast that typing takes no second.
  clock = runningClock(start, 60);
  test = await startTestApp({
    environment: { ...environment, RELANCE_TIMEZONE: zone, RELANCE_MESSAGE_JITTER_MS: '0' },
    outside: { clock },
  });
  week = weekOf(test, clock);
  await writeMessages(test);
  await test.connect('m1', '33612000001');
  const people = phones.map((phoneNumber, n) => ({ _id: `p${n}`, name: `Person ${n}`, phoneNumber }));
  await refer(test, 'm1', people);
  await test.admin().post('/admin/enrollment/run').expect(200);
  expect((await enrollments()).map(one => one.zone)).toEqual(phones.map(() => zone));
}

/** Per person: local date and minute of every message, in order. */
async function wallTimes({ zone, phones }: typeof BERLIN) {
  const sent = await test.sent();
  return phones.map(phone =>
    sent
      .filter(({ to }) => to.startsWith(phone))
      .map(({ at, text }) => ({
        ...wallTimeAt(new Date(at), zone),
        day: Number(/jour (\d)/.exec(text)?.[1]),
      })),
  );
}
const dates = (times: { date: string }[]) => times.map(({ date }) => date);

describe('one message a local day, at the same wall-clock minute', { timeout: 90_000 }, () => {
  it.each([
    ['Berlin, into summer time', '2026-03-26T09:00:00Z', BERLIN, DAYTIME],
    ['Berlin, out of summer time', '2026-10-22T09:00:00Z', BERLIN, DAYTIME],
    [
      'Lord Howe, whose clocks change by half an hour',
      '2026-04-02T00:00:00Z',
      // Numbers that belong to no country: the platform's zone holds.
      { zone: 'Australia/Lord_Howe', phones: ['870773111632', '870773111633'] },
      DAYTIME,
    ],
    [
      'Kathmandu, 5:45 ahead',
      '2026-03-26T04:00:00Z',
      { zone: 'Asia/Kathmandu', phones: ['9779841234567', '9779841234568'] },
      DAYTIME,
    ],
    [
      'a window over midnight, in the night of the change',
      '2026-10-22T21:30:00Z',
      BERLIN,
      { RELANCE_WINDOW: '22:00-02:00' },
    ],
  ])('%s', async (_name, start, where, environment) => {
    await begin(start, where, environment);
    await week.untilSent(14);
    const [from, to] = environment.RELANCE_WINDOW.split('-').map(time => {
      const [hours = 0, minutes = 0] = time.split(':').map(Number);
      return hours * 60 + minutes;
    }) as [number, number];
    for (const times of await wallTimes(where)) {
      expect(times.map(({ day }) => day)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(new Set(dates(times)).size).toBe(7);
      expect(daysBetween(times[0]!.date, times[6]!.date)).toBe(6);
      for (const { minute } of times) {
        const isOpen = from < to ? minute >= from && minute < to : minute >= from || minute < to;
        expect(isOpen).toBe(true);
        const apart = Math.abs(minute - times[0]!.minute);
        expect(Math.min(apart, 1_440 - apart)).toBeLessThanOrEqual(20 + ON_THE_WAY_MINUTES);
      }
    }
  });

  it('after an outage of three days: once, now, and the later days shift', async () => {
    await begin('2026-03-26T09:00:00Z', BERLIN, DAYTIME);
    await week.untilSent(4);
    // Nothing runs for three days and some hours, over the change to summer time.
    await week.jumpTo(new Date(clock.now().getTime() + 3 * DAY + 2 * HOUR));
    await week.untilSent(14);
    for (const times of await wallTimes(BERLIN)) {
      expect(times.map(({ day }) => day)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(new Set(dates(times)).size).toBe(7);
      expect(daysBetween(times[1]!.date, times[2]!.date)).toBe(3);
      expect(daysBetween(times[2]!.date, times[6]!.date)).toBe(4);
    }
    expect((await enrollments()).map(({ exitReason, shiftDays }) => ({ exitReason, shiftDays }))).toEqual(
      Array(2).fill({ exitReason: 'completed_7_days', shiftDays: 2 }),
    );
  });
});
