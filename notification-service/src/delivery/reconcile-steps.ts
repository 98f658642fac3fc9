import type { HeldSession, HistoryEntry } from '../channels/index.ts';
import type { EnrollmentDoc, Fence, Row } from '../enrollments/index.ts';
import { advance } from './advance.ts';
import { rowOf } from './consider.ts';
import type { OutgoingDoc } from './outgoing-model.ts';
import { withoutEnding } from './settle-steps.ts';
import { leaveUnknown, record, scheduleAgain } from './step-writes.ts';
import type { Write } from './step-writes.ts';
import { bodyHashOf, collectionOf, subjectFrom } from './subject.ts';
import type { Subject } from './subject.ts';
import type { TurnDeps } from './turn.ts';

/** Absence is believed only this long after the fence (calendar time), when the chat's history is synced. */
const ABSENT_AFTER_MS = 10 * 60_000;

/** Reconcile of one `unknown`: what the chat's own history (or a receipt) says becomes the row. */
export type ReconcileState =
  | { at: 'subject'; ref: { kind: Subject['kind']; id: string } }
  | { at: 'history'; subject: Subject; fence: Fence }
  | { at: 'receipt'; subject: Subject; fence: Fence; finding: 'absent' | 'nothing' }
  | { at: 'write'; subject: Subject; fence: Fence; verdict: Verdict }
  | { at: 'write_ended'; subject: Subject; fence: Fence; write: Write }
  | { at: 'alarm'; subject: Subject }
  | { at: 'done'; result: 'settled' | 'open' | 'dropped' };

export type Verdict =
  | { kind: 'sent'; messageId: string }
  | { kind: 'absent' }
  /** Its local day is over without proof: possibly sent, never resent, the sequence goes on. */
  | { kind: 'given_up' }
  /** An admin settled it by hand. */
  | { kind: 'resolved'; as: 'sent' | 'skipped' };

export type ReconcileDeps = TurnDeps & {
  /** RELANCE_UNKNOWN_ABSENT: what a part that is proved absent becomes. */
  whenAbsent: 'skip' | 'resend';
};

type StepsOf<S extends { at: string }> = {
  [K in S['at']]: (state: Extract<S, { at: K }>, deps: ReconcileDeps) => Promise<S>;
};

export function stepReconcile(state: ReconcileState, deps: ReconcileDeps): Promise<ReconcileState> {
  const step = STEPS[state.at] as (s: ReconcileState, d: ReconcileDeps) => Promise<ReconcileState>;
  return step(state, deps);
}

const STEPS: StepsOf<ReconcileState> = {
  async subject({ ref }, { store }) {
    const doc = await store.findOne<EnrollmentDoc | OutgoingDoc>(collectionOf(ref), { _id: ref.id });
    const fence = doc?.step.fence;
    if (!doc || !fence || doc.step.state !== 'unknown') return { at: 'done', result: 'dropped' };
    return { at: 'history', subject: subjectFrom(ref.kind, doc), fence };
  },

  async history({ subject, fence }, deps) {
    const held = deps.host.held(subject.doc.channelId);
    const entries = held ? await readHistory(held, fence) : null;
    const found = entries?.find(entry => isThis(entry, fence, subject));
    if (found) return { at: 'write', subject, fence, verdict: { kind: 'sent', messageId: found.messageId } };
    // A higher epoch or a lease that ran out proves nothing: only a session made after the fence's has the whole history.
    const proves = held !== null && entries !== null && held.serial > fence.session;
    const waited = deps.clock.now().getTime() - fence.at.getTime() >= ABSENT_AFTER_MS;
    return { at: 'receipt', subject, fence, finding: proves && waited ? 'absent' : 'nothing' };
  },

  async receipt({ subject, fence, finding }, deps) {
    const receipt =
      fence.messageId === null
        ? null
        : await deps.store.findOne<{ ack: number }>('receipts', {
            _id: `${subject.doc.channelId}:${fence.messageId}`,
          });
    if (receipt && receipt.ack >= 1 && fence.messageId !== null) {
      return { at: 'write', subject, fence, verdict: { kind: 'sent', messageId: fence.messageId } };
    }
    if (finding === 'absent') return { at: 'write', subject, fence, verdict: { kind: 'absent' } };
    if (localDayIsOver(subject, fence, deps))
      return { at: 'write', subject, fence, verdict: { kind: 'given_up' } };
    return { at: 'done', result: 'open' };
  },

  /** Every write of reconcile compares the token. */
  async write({ subject, fence, verdict }, deps) {
    const { write, late } = writeOf(subject, fence, verdict, deps);
    const wrote = await deps.store.updateOne(collectionOf(subject), write.filter, write.update);
    if (wrote) return { at: 'alarm', subject };
    return late ? { at: 'write_ended', subject, fence, write: late } : { at: 'done', result: 'dropped' };
  },

  async write_ended({ subject, write }, { store }) {
    const wrote = await store.updateOne(collectionOf(subject), write.filter, write.update);
    return wrote ? { at: 'alarm', subject } : { at: 'done', result: 'dropped' };
  },

  async alarm({ subject }, { store, clock }) {
    await store.updateOne(
      'channels',
      { _id: subject.doc.channelId },
      { $min: { nextActionAt: clock.now() } },
    );
    return { at: 'done', result: 'settled' };
  },

  done: state => Promise.resolve(state),
};

async function readHistory({ session }: HeldSession, fence: Fence): Promise<HistoryEntry[] | null> {
  if (!session.alive) return null;
  try {
    return await session.history(fence.chatId, new Date(fence.at.getTime() - 1_000));
  } catch {
    return null; // no history, no proof: it is asked again
  }
}

/** By id, or from us, of this body, after the fence, and not a message already recorded. Ack 0 and −1 are only a local copy. */
function isThis(entry: HistoryEntry, fence: Fence, { doc }: Subject): boolean {
  if (!entry.fromMe || entry.ack < 1) return false;
  if (fence.messageId !== null) return entry.messageId === fence.messageId;
  const recorded = Object.values(doc.rows).some(row => row.messageId === entry.messageId);
  return !recorded && entry.at >= fence.at && bodyHashOf(entry.mediaKind, entry.text) === fence.bodyHash;
}

function localDayIsOver(subject: Subject, fence: Fence, { clock, calendar }: ReconcileDeps): boolean {
  const zone = subject.kind === 'enrollment' ? subject.doc.zone : 'UTC';
  return calendar.localDateOf(clock.now(), zone) > calendar.localDateOf(fence.at, zone);
}

function writeOf(
  subject: Subject,
  fence: Fence,
  verdict: Verdict,
  deps: ReconcileDeps,
): { write: Write; late: Write | null } {
  const now = deps.clock.now();
  const id = subject.doc._id;
  const context = { ...deps, now };
  if (verdict.kind === 'absent' && deps.whenAbsent === 'resend' && !subject.doc.step.resentOnce) {
    return { write: scheduleAgain(id, fence.token, now), late: null };
  }
  const row = rowFor(subject, fence, verdict);
  const onward = advance(subject, row, fence.parts, context);
  if (row.outcome === 'sent') {
    const write = record(id, fence.token, row, onward, onward.ended ? 'active' : 'whateverStatus');
    return { write, late: onward.ended ? record(id, fence.token, row, withoutEnding(onward)) : null };
  }
  const late = onward.ended ? leaveUnknown(id, fence.token, row, withoutEnding(onward)) : null;
  const write = leaveUnknown(id, fence.token, row, onward);
  return { write: onward.ended ? { ...write, filter: { ...write.filter, status: 'active' } } : write, late };
}

function rowFor(subject: Subject, fence: Fence, verdict: Verdict): Row {
  const common = {
    at: fence.at,
    bodyHash: fence.bodyHash,
    text: fence.text,
    token: fence.token,
    messageId: fence.messageId,
  };
  switch (verdict.kind) {
    case 'sent':
      return rowOf(subject, { ...common, outcome: 'sent', reason: null, messageId: verdict.messageId });
    case 'absent':
      return rowOf(subject, { ...common, outcome: 'skipped', reason: 'proved_absent' });
    case 'given_up':
      return rowOf(subject, { ...common, outcome: 'unknown', reason: 'possibly_sent' });
    case 'resolved':
      return rowOf(subject, { ...common, outcome: verdict.as, reason: 'settled_by_admin' });
  }
}
