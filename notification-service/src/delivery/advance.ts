import type { EnrollmentDoc, Row } from '../enrollments/index.ts';
import { RANK } from '../enrollments/index.ts';
import type { Document } from '../platform/mongo.ts';
import type { Random } from '../platform/random.ts';
import type { Calendar } from './calendar-port.ts';
import type { OutgoingDoc } from './outgoing-model.ts';
import type { Subject } from './subject.ts';

const LAST_DAY = 7;

/** How a subject moves on once a part has its row: fields to set, and whether that was the last of it. */
export interface Advance {
  set: Document;
  ended: boolean;
}

export interface AdvanceContext {
  now: Date;
  random: Random;
  calendar: Calendar;
}

/**
 * The next part, the next day, or the end. `parts` is how many the day has; whatever comes after a part that was not
 * sent is left out with it. The version is left alone: only what must stop a turn raises it.
 */
export function advance(subject: Subject, row: Row, parts: number, context: AdvanceContext): Advance {
  const next = row.outcome === 'sent' && row.part + 1 < parts ? nextPart(row, context) : null;
  if (next) return next;
  return subject.kind === 'enrollment' ? nextDay(subject.doc, row, context) : endOutgoing(subject.doc, row);
}

function nextPart(row: Row, { now }: AdvanceContext): Advance {
  return {
    set: { 'step.part': row.part + 1, 'step.tryAt': now, 'step.attempts': 0, ...contactMade(row) },
    ended: false,
  };
}

function nextDay(doc: EnrollmentDoc, row: Row, { now, random, calendar }: AdvanceContext): Advance {
  const at = row.outcome === 'skipped' ? now : row.at;
  const wallMinute = doc.wallMinute ?? calendar.localMinuteOf(at, doc.zone);
  const lastLocalDate = calendar.localDateOf(at, doc.zone);
  const common = {
    'step.attempts': 0,
    'step.startedAt': null,
    'step.resentOnce': false,
    wallMinute,
    lastLocalDate,
    ...contactMade(row),
    ...(row.outcome === 'sent' ? { lastMessageSentAt: row.at } : {}),
  };
  if (row.day >= LAST_DAY) {
    return {
      set: { ...common, status: 'ended', exitReason: 'completed_7_days', exitedAt: now, 'step.tryAt': null },
      ended: true,
    };
  }
  const { dueAt, lateDays } = calendar.nextDue({ now, zone: doc.zone, wallMinute, lastLocalDate, random });
  return {
    set: {
      ...common,
      'step.day': row.day + 1,
      'step.part': 0,
      'step.dueAt': dueAt,
      'step.tryAt': dueAt,
      shiftDays: doc.shiftDays + calendar.lateDays(doc.step.dueAt, at, doc.zone) + lateDays,
    },
    ended: false,
  };
}

const endOutgoing = (_doc: OutgoingDoc, row: Row): Advance => ({
  set: { status: 'ended', outcome: row.outcome === 'sent' ? 'sent' : 'skipped', 'step.tryAt': null },
  ended: true,
});

/** Somebody who was written to once is a follow-up from then on. */
const contactMade = (row: Row): Document =>
  row.outcome === 'sent' && row.day > 0 ? { 'step.rank': RANK.followUp } : {};
