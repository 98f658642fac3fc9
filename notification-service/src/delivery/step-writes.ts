import type { Fence, Row, Why } from '../enrollments/index.ts';
import { rowKey } from '../enrollments/index.ts';
import type { Document } from '../platform/mongo.ts';
import type { Advance } from './advance.ts';
import type { Subject } from './subject.ts';

/**
 * Every write on a subject's step, as filter and update. They are data, so that the model test can walk their
 * interleavings over its own store and the same objects go to MongoDB.
 */
export interface Write {
  filter: Document;
  update: Document | Document[];
}

/** The step as it was picked: status, day, part and version read at the pick, never re-read. */
const asPicked = ({ doc }: Subject): Document => ({
  _id: doc._id,
  status: 'active',
  'step.state': 'scheduled',
  'step.day': doc.step.day,
  'step.part': doc.step.part,
  'step.version': doc.step.version,
});

const ofToken = (id: string, token: string): Document => ({
  _id: id,
  'step.state': 'sending',
  'step.fence.token': token,
});

/** 1: not wanted now. The reason and the next time; null waits for somebody. */
export const putOff = (subject: Subject, why: Why, tryAt: Date | null): Write => ({
  filter: asPicked(subject),
  update: { $set: { why, 'step.tryAt': tryAt } },
});

/** 1: not wanted any more. */
export const endAsPicked = (subject: Subject, set: Document): Write => ({
  filter: asPicked(subject),
  update: { $set: { ...set, status: 'ended', 'step.tryAt': null }, $inc: { 'step.version': 1 } },
});

/** A part that will not be sent, before any fence: its row, and the step moves on. */
export const skipAsPicked = (subject: Subject, row: Row, advance: Advance): Write => ({
  filter: asPicked(subject),
  update: rowWrite(row, advance),
});

/** 5: the fence. What holds after this write may be on the wire; nothing else may be. */
export const fence = (subject: Subject, fenced: Fence, extra: Document): Write => ({
  filter: asPicked(subject),
  update: {
    $set: {
      'step.state': 'sending',
      'step.fence': fenced,
      'step.startedAt': subject.doc.step.startedAt ?? fenced.at,
      why: null,
      ...extra,
    },
  },
});

/** 6 undone, or a failure that is proved not sent: back to scheduled, by the same token. */
export const undo = (id: string, token: string, set: { tryAt: Date; why: Why; attempts: number }): Write => ({
  filter: ofToken(id, token),
  update: {
    $set: {
      'step.state': 'scheduled',
      'step.fence': null,
      'step.tryAt': set.tryAt,
      'step.attempts': set.attempts,
      why: set.why,
    },
  },
});

/** Proved not sent for the last time: the row of the skip, by the same token. */
export const skipFenced = (id: string, token: string, row: Row, advance: Advance): Write => ({
  filter: ofToken(id, token),
  update: rowWrite(row, advance),
});

/** The number is not on WhatsApp: found out before a fence (as picked), or by WhatsApp's refusal (by token). */
export function endUnreachable(subject: Subject, row: Row, token: string | null, now: Date): Write {
  const ended =
    subject.kind === 'enrollment' ? { exitReason: 'invalid_number', exitedAt: now } : { outcome: 'skipped' };
  return {
    filter: token === null ? asPicked(subject) : ofToken(subject.doc._id, token),
    update: {
      $set: { ...ended, status: 'ended', ...LEFT, ...rowSet(row), 'step.tryAt': null },
      $inc: { 'step.version': 1 },
      $currentDate: { rowsAt: true },
    },
  };
}

/**
 * 7: the record, from `sending`, or from `unknown` when proof comes late. By token. A completed sequence asks that it
 * was still active, since an exit in between keeps its own reason; `whateverStatus` is the second try then.
 */
export const record = (
  id: string,
  token: string,
  row: Row,
  advance: Advance,
  when: 'whateverStatus' | 'active' = 'whateverStatus',
): Write => ({
  filter: {
    _id: id,
    'step.fence.token': token,
    'step.state': { $in: ['sending', 'unknown'] },
    ...(when === 'active' ? { status: 'active' } : {}),
  },
  update: rowWrite(row, advance),
});

/** Everything else after the call began: nobody knows. The token stays, so that proof can still settle it. */
export const toUnknown = (id: string, token: string): Write => ({
  filter: ofToken(id, token),
  update: { $set: { 'step.state': 'unknown' } },
});

/**
 * Recovery settles the subject that the turn named, in one update: the version rises whatever its state, so that a
 * sleeper fails at its fence, and `sending` under that token becomes `unknown`.
 */
export const settle = (id: string, token: string): Write => ({
  filter: { _id: id },
  update: [
    {
      $set: {
        'step.version': { $add: ['$step.version', 1] },
        'step.state': {
          $cond: [
            { $and: [{ $eq: ['$step.state', 'sending'] }, { $eq: ['$step.fence.token', token] }] },
            'unknown',
            '$step.state',
          ],
        },
      },
    },
  ],
});

/** Reconcile, proved absent, where the setting asks for it: once more, by token. */
export const scheduleAgain = (id: string, token: string, tryAt: Date): Write => ({
  filter: { _id: id, 'step.state': 'unknown', 'step.fence.token': token },
  update: {
    $set: { 'step.state': 'scheduled', 'step.fence': null, 'step.tryAt': tryAt, 'step.resentOnce': true },
    $inc: { 'step.version': 1 },
  },
});

/** Reconcile without proof of sending: the part's row (skipped or unknown), and the step moves on. By token. */
export const leaveUnknown = (id: string, token: string, row: Row, advance: Advance): Write => ({
  filter: { _id: id, 'step.state': 'unknown', 'step.fence.token': token },
  update: rowWrite(row, advance),
});

/** A row that stayed unknown is settled later, by a late ack or an admin. */
export const settleRow = (
  id: string,
  at: { day: number; part: number; token: string | null },
  set: { outcome: 'sent' | 'skipped'; reason: string | null; messageId: string | null },
): Write => {
  const key = `rows.${rowKey(at.day, at.part)}`;
  return {
    filter: { _id: id, [`${key}.outcome`]: 'unknown', [`${key}.token`]: at.token },
    update: {
      $set: {
        [`${key}.outcome`]: set.outcome,
        [`${key}.reason`]: set.reason,
        [`${key}.messageId`]: set.messageId,
      },
      $currentDate: { rowsAt: true },
    },
  };
};

/** The step is left: no fence any more, and it is not `sending`. */
const LEFT = { 'step.state': 'scheduled', 'step.fence': null } as const;

const rowSet = (row: Row): Document => ({ [`rows.${rowKey(row.day, row.part)}`]: row });

function rowWrite(row: Row, advance: Advance): Document {
  return { $set: { ...LEFT, ...advance.set, ...rowSet(row) }, $currentDate: { rowsAt: true } };
}
