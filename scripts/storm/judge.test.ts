import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import type { Accepted } from './judge.ts';

type Evidence = Parameters<typeof judge>[0];
type Enrollment = Evidence['enrollments'][number];
type Row = Enrollment['rows'][string];

const paul = { id: 'paul', phone: '33650000001', memberId: 'm' };
const atMinute = (minute: number): string => new Date(minute * 60_000).toISOString();

const message = (day: number, more: Partial<Accepted> = {}): Accepted => ({
  ...{ id: `id-${day}`, device: 'd', to: paul.phone, text: `Jour ${day} pour paul`, at: atMinute(day) },
  ...more,
});
const row = (day: number, more: Partial<Row> = {}): Row => ({
  ...{ day, part: 0, outcome: 'sent', at: new Date(0), reason: null },
  ...{ messageId: null, bodyHash: null, text: null, token: null },
  ...more,
});

/** Paul stands at `day` with these rows. */
function enrolled(day: number, rows: Row[], more: Partial<Enrollment> = {}): Enrollment {
  return {
    ...{ _id: 'e', referralUserId: 'paul', phone: paul.phone, status: 'ended', exitReason: 'paid' },
    step: {
      ...{ day, part: 0, state: 'scheduled', dueAt: new Date(0), tryAt: null, rank: 1, version: 1 },
      ...{ attempts: 0, startedAt: null, resentOnce: false, fence: null },
    },
    rows: Object.fromEntries(rows.map(one => [`d${one.day}p${one.part}`, one])),
    ...more,
  };
}

const judged = (log: Accepted[], enrollment: Enrollment, payments: Evidence['payments'] = []) =>
  judge({ log, enrollments: [enrollment], people: [paul], payments, realMsOf: at => at.getTime() });

const CLEAN = { duplicates: 0, lost: 0, afterStopped: 0, unrecorded: 0, unfinished: 0 };

describe('the judge', () => {
  it('finds nothing where everything is as it should be', () => {
    const verdict = judged([message(1), message(2)], enrolled(3, [row(1), row(2)]));
    expect(verdict).toMatchObject({ ...CLEAN, delivered: 2, findings: [] });
  });

  it('counts a day that went out twice', () => {
    expect(judged([message(1), message(1)], enrolled(2, [row(1)]))).toMatchObject({
      ...CLEAN,
      duplicates: 1,
    });
  });

  it('counts a second picture that went out twice, and one that is missing', () => {
    const first = message(4);
    const second = message(4, { text: '' });
    const rows = [row(1), row(2), row(3), row(4), row(4, { part: 1 })];
    const before = [message(1), message(2), message(3)];
    expect(judged([...before, first, second, second], enrolled(5, rows))).toMatchObject({
      ...CLEAN,
      duplicates: 1,
    });
    expect(judged([...before, first], enrolled(5, rows))).toMatchObject({ ...CLEAN, lost: 1 });
  });

  it('counts a day without a row, and one that is noted as sent and was not', () => {
    expect(judged([], enrolled(2, []))).toMatchObject({ ...CLEAN, lost: 1 });
    expect(judged([], enrolled(2, [row(1)]))).toMatchObject({ ...CLEAN, lost: 1 });
  });

  it('takes a skip with its reason and an unknown for what they are', () => {
    const rows = [row(1, { outcome: 'skipped', reason: 'proved_absent' }), row(2, { outcome: 'unknown' })];
    expect(judged([message(2)], enrolled(3, rows))).toMatchObject({ ...CLEAN, skippedAfterUnknown: 1 });
    expect(judged([], enrolled(2, [row(1, { outcome: 'skipped' })]))).toMatchObject({ ...CLEAN, lost: 1 });
  });

  it('counts a message whose row denies it', () => {
    const rows = [row(1, { outcome: 'skipped', reason: 'proved_absent' })];
    expect(judged([message(1)], enrolled(2, rows))).toMatchObject({ ...CLEAN, unrecorded: 1 });
  });

  it('counts what came after a stop, and after the day that was in flight', () => {
    const log = [message(1), message(2), message(3)];
    const doc = enrolled(4, [row(1), row(2), row(3)]);
    const answeredAtMs = Date.parse(atMinute(1)) + 1;
    const payment = { person: paul, answeredAtMs, lastDay: null };
    expect(judged(log, doc, [{ ...payment, outcome: 'stopped' }])).toMatchObject({
      ...CLEAN,
      afterStopped: 2,
    });
    expect(judged(log, doc, [{ ...payment, outcome: 'none' }])).toMatchObject({ ...CLEAN, afterStopped: 2 });
    const inFlight = { ...payment, outcome: 'in_flight' as const, lastDay: 2 };
    expect(judged(log, doc, [inFlight])).toMatchObject({ ...CLEAN, afterStopped: 1 });
  });

  it('counts who was forgotten and who has not come to an end', () => {
    expect(judged([], { ...enrolled(1, []), referralUserId: 'lea' })).toMatchObject({ ...CLEAN, lost: 1 });
    expect(judged([], enrolled(1, [], { status: 'active' }))).toMatchObject({ ...CLEAN, unfinished: 1 });
  });
});
