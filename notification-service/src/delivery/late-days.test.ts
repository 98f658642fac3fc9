import { describe, expect, it } from 'vitest';
import { enrollmentDoc } from '../../test/model/world.ts';
import { createCalendar } from '../enrollments/index.ts';
import type { EnrollmentDoc, Row } from '../enrollments/index.ts';
import { advance } from './advance.ts';
import { stillWanted } from './wanted.ts';

/** Monday to Friday, so a weekend makes nothing late. */
const calendar = createCalendar({
  window: { fromMinute: 8 * 60, toMinute: 20 * 60 },
  days: [1, 2, 3, 4, 5],
});
const at = (iso: string) => new Date(iso);

function due(dueAt: Date, shiftDays: number): EnrollmentDoc {
  const doc = enrollmentDoc({ day: 3 });
  return { ...doc, shiftDays, unpaidSeenAt: null, step: { ...doc.step, dueAt, tryAt: dueAt } };
}

describe('how late a sequence is', () => {
  const decide = (doc: EnrollmentDoc, now: Date) =>
    stillWanted(
      { kind: 'enrollment', doc },
      {
        ...{ now, calendar, member: null, campaign: null, campaignSends: [], people: [] },
        settings: { paymentFreshnessMs: 0, maxShiftDays: 10 },
      },
    );

  it('more than ten days with a window in all end it; a weekend is none of them', () => {
    const doc = due(at('2026-05-04T08:00:00Z'), 0);
    // Two working weeks have been let pass through the weekend and on Monday; the eleventh day, on Tuesday, is too much.
    for (const now of ['2026-05-16T10:00:00Z', '2026-05-18T18:00:00Z']) {
      expect(decide(doc, at(now)), now).toMatchObject({ kind: 'later' });
    }
    expect(decide(doc, at('2026-05-19T10:00:00Z'))).toEqual({ kind: 'end', reason: 'stale' });
  });

  it('the days that a message was late are added up when it has gone out', () => {
    const doc = due(at('2026-05-08T08:00:00Z'), 2);
    const sentAt = at('2026-05-12T09:00:00Z'); // Friday's, on Tuesday
    const row: Row = {
      ...{ day: 3, part: 0, outcome: 'sent', at: sentAt, reason: null },
      ...{ bodyHash: 'b', token: 't', messageId: 'M', text: 'x' },
    };
    const { set } = advance({ kind: 'enrollment', doc }, row, 1, {
      now: sentAt,
      random: () => 0.5,
      calendar,
    });
    expect(set).toMatchObject({ shiftDays: 4, 'step.day': 4, lastLocalDate: '2026-05-12' });
  });
});
