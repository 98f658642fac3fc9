import type { NotSentReason } from '../channels/index.ts';
import type { EnrollmentDoc, Why } from '../enrollments/index.ts';
import { advance } from './advance.ts';
import type { Advance } from './advance.ts';
import { rowOf } from './consider.ts';
import { endNow } from './end-steps.ts';
import type { OutgoingDoc } from './outgoing-model.ts';
import { record, skipFenced, toUnknown, undo } from './step-writes.ts';
import { collectionOf, subjectFrom } from './subject.ts';
import type { Fenced, Steps, TurnDeps, TurnState } from './turn.ts';

const MINUTE = 60_000;
/** Backoff of what was proved not sent, by attempt. Calendar time. */
const RETRY_AFTER_MS = [5 * MINUTE, 20 * MINUTE, 60 * MINUTE];
/** How long first contacts rest after WhatsApp's reach-out lock (463) or new-chat capping (475). */
const FIRST_CONTACT_REST_MS = 24 * 60 * MINUTE;
/** Between two parts of one day. */
const PART_GAP_MS = { min: 2_000, spread: 2_000 };

/** 7: what the transport's answer means for the step, each in one write by token. */
export const settleSteps: Steps<'settle' | 'record_ended' | 'restart' | 'restarted'> = {
  settle(state, deps) {
    const { turn, outcome } = state;
    switch (outcome.kind) {
      case 'sent':
        return recordSent(turn, outcome.messageId, deps);
      case 'unknown':
        return becomeUnknown(turn, deps);
      case 'not_called':
        return undoFence(turn, deps, {
          afterMs: 0,
          counts: false,
          detail: 'the session was gone, or too much time had passed',
        });
      case 'not_sent':
        return notSent(turn, outcome.reason, deps);
    }
  },

  /** An exit came between call and record and keeps its own reason; the row is written all the same. */
  async record_ended({ turn, write }, deps) {
    await deps.store.updateOne(write.collection, write.filter, write.update);
    return endNow({ ...turn, result: 'sent', effect: { ...turn.effect, result: 'sent' } }, deps);
  },

  /** The call may still hang in its session: that session has to be dead before the channel goes on. */
  async restart({ turn }, deps) {
    await deps.host.restart(turn.channel._id);
    return { at: 'restarted', turn };
  },
  restarted({ turn }, deps) {
    const held = deps.host.held(turn.channel._id);
    const newer = held !== null && held.serial > turn.fence.session;
    // Otherwise the turn stays, and recovery ends it once a newer session is connected.
    return Promise.resolve(newer ? endNow(turn, deps) : { at: 'done', result: 'unknown' });
  },
};

async function recordSent(turn: Fenced, messageId: string, deps: TurnDeps): Promise<TurnState> {
  const { subject, fence } = turn;
  const row = rowOf(subject, {
    outcome: 'sent',
    at: fence.at,
    reason: null,
    messageId,
    bodyHash: fence.bodyHash,
    text: fence.text,
    token: turn.token,
  });
  const onward = advance(subject, row, turn.parts.length, { ...deps, now: deps.clock.now() });
  const write = record(subject.doc._id, turn.token, row, onward, onward.ended ? 'active' : 'whateverStatus');
  const collection = collectionOf(subject);
  const doc = await deps.store.findOneAndUpdate<EnrollmentDoc | OutgoingDoc>(
    collection,
    write.filter,
    write.update,
    {
      returns: 'after',
    },
  );
  const sent: Fenced = { ...turn, result: 'sent', effect: { ...turn.effect, result: 'sent' } };
  if (doc === null) {
    if (!onward.ended) return endNow(sent, deps);
    const late = record(subject.doc._id, turn.token, row, withoutEnding(onward));
    return { at: 'record_ended', turn: sent, write: { collection, ...late } };
  }
  const goesOn = doc.status === 'active' && doc.step.part === row.part + 1 && doc.step.day === row.day;
  if (!goesOn) return endNow(sent, deps);
  await deps.pause(PART_GAP_MS.min + deps.random() * PART_GAP_MS.spread);
  return { at: 'last_people', turn: { ...sent, subject: subjectFrom(subject.kind, doc) } };
}

/** What belongs to the end of a subject; an exit in between has written its own. */
const ENDING = new Set(['status', 'exitReason', 'exitedAt', 'outcome']);
export const withoutEnding = ({ set }: Advance): Advance => ({
  set: Object.fromEntries(Object.entries(set).filter(([field]) => !ENDING.has(field))),
  ended: false,
});

async function becomeUnknown(turn: Fenced, deps: TurnDeps): Promise<TurnState> {
  const write = toUnknown(turn.subject.doc._id, turn.token);
  await deps.store.updateOne(collectionOf(turn.subject), write.filter, write.update);
  return {
    at: 'restart',
    turn: { ...turn, result: 'unknown', effect: { ...turn.effect, result: 'unknown' } },
  };
}

async function notSent(turn: Fenced, reason: NotSentReason, deps: TurnDeps): Promise<TurnState> {
  const failed: Fenced = { ...turn, result: 'not_sent', effect: { ...turn.effect, result: 'failed' } };
  switch (reason) {
    case 'not_on_whatsapp':
      return { at: 'remember_unreachable', turn: { ...turn, result: 'not_sent' }, fenced: true };
    case 'refused_463':
    case 'refused_475': {
      const rested = new Date(deps.clock.now().getTime() + FIRST_CONTACT_REST_MS);
      const resting = { ...failed, effect: { ...failed.effect, firstContactsAfter: rested } };
      return undoFence(resting, deps, { afterMs: FIRST_CONTACT_REST_MS, counts: false, detail: reason });
    }
    case 'not_ready':
      return undoFence(failed, deps, { afterMs: MINUTE, counts: false, detail: reason });
    case 'refused': {
      const afterMs = RETRY_AFTER_MS[turn.subject.doc.step.attempts] ?? RETRY_AFTER_MS.at(-1) ?? MINUTE;
      return turn.subject.doc.step.attempts >= deps.settings.sendRetries
        ? skipAfterRetries(failed, reason, deps)
        : undoFence(failed, deps, { afterMs, counts: true, detail: reason });
    }
  }
}

async function undoFence(
  turn: Fenced,
  deps: TurnDeps,
  how: { afterMs: number; counts: boolean; detail: string },
): Promise<TurnState> {
  const now = deps.clock.now();
  const tryAt = new Date(now.getTime() + how.afterMs);
  const why: Why = { code: 'retry_later', detail: how.detail, at: now, nextAt: tryAt };
  const attempts = turn.subject.doc.step.attempts + (how.counts ? 1 : 0);
  const write = undo(turn.subject.doc._id, turn.token, { tryAt, why, attempts });
  await deps.store.updateOne(collectionOf(turn.subject), write.filter, write.update);
  return endNow(turn, deps);
}

async function skipAfterRetries(turn: Fenced, reason: string, deps: TurnDeps): Promise<TurnState> {
  const now = deps.clock.now();
  const row = rowOf(turn.subject, { outcome: 'skipped', at: now, reason });
  const onward = advance(turn.subject, row, turn.parts.length, { ...deps, now });
  const write = skipFenced(turn.subject.doc._id, turn.token, row, onward);
  await deps.store.updateOne(collectionOf(turn.subject), write.filter, write.update);
  return endNow(turn, deps);
}
