import type { DocStore } from '../platform/doc-store.ts';
import type { Document } from '../platform/mongo.ts';
import type { EnrollmentDoc, ExitReason } from './enrollment-model.ts';

/**
 * Exit wins: the person first, then the enrollment, by whatever keys are known. A turn reads the person before its
 * fence, so an exit that came before the enrollment existed is met too. Each step makes at most one access to the store.
 */
export type ExitState =
  | { at: 'phone'; exit: Exit }
  | { at: 'person'; exit: Exit; keys: string[] }
  | { at: 'enrollment'; exit: Exit; stopped: EnrollmentDoc[] }
  | { at: 'in_flight'; exit: Exit; stopped: EnrollmentDoc[] }
  | { at: 'before'; exit: Exit; stopped: EnrollmentDoc[] }
  | { at: 'done'; result: ExitResult };

export interface Exit {
  /** At least one of the two is known. */
  referralUserId: string | null;
  phoneHash: string | null;
  reason: ExitReason;
  /** What to remember about the person; null ends the sequence without remembering. */
  remember: 'paidAt' | 'optedOutAt' | 'repliedAt' | 'unreachableAt' | 'suppressedAt' | null;
  /** A payment neither holds nor ends an enrollment whose audience has paid already. */
  sparesSubscribers: boolean;
  at: Date;
}

export interface ExitResult {
  /** `stopped`: nothing goes out after this; `in_flight`: nothing after this day. */
  outcome: 'stopped' | 'in_flight' | 'already' | 'none';
  /** How many were active. */
  enrollments: number;
  /** As they were before. */
  ended: EnrollmentDoc[];
}

export interface ExitDeps {
  store: DocStore;
}

type StepsOf<S extends { at: string }> = {
  [K in S['at']]: (state: Extract<S, { at: K }>, deps: ExitDeps) => Promise<S>;
};

export function stepExit(state: ExitState, deps: ExitDeps): Promise<ExitState> {
  const step = STEPS[state.at] as (s: ExitState, d: ExitDeps) => Promise<ExitState>;
  return step(state, deps);
}

const STEPS: StepsOf<ExitState> = {
  /** The other key of the person, where an enrollment knows it. */
  async phone({ exit }, { store }) {
    if (exit.referralUserId !== null && exit.phoneHash !== null)
      return { at: 'person', exit, keys: keysOf(exit) };
    const known = await store.findOne<Pick<EnrollmentDoc, 'referralUserId' | 'phoneHash'>>(
      'enrollments',
      whom(exit),
      {
        sort: { enteredAt: -1 },
        projection: { referralUserId: 1, phoneHash: 1 },
      },
    );
    const both = known ? { ...exit, referralUserId: known.referralUserId, phoneHash: known.phoneHash } : exit;
    return { at: 'person', exit, keys: keysOf(both) };
  },

  async person({ exit, keys: [key, ...rest] }, { store }) {
    if (exit.remember === null || key === undefined) return { at: 'enrollment', exit, stopped: [] };
    const update = { $set: { [exit.remember]: exit.at, updatedAt: exit.at } };
    await store.updateOne('people', { _id: key }, update, { upsert: true });
    return { at: 'person', exit, keys: rest };
  },

  /** One conditional update each; its document as it was before decides what is answered. */
  async enrollment({ exit, stopped }, { store }) {
    const before = await store.findOneAndUpdate<EnrollmentDoc>(
      'enrollments',
      { ...whom(exit), ...spared(exit), status: 'active' },
      {
        $set: { status: 'ended', exitReason: exit.reason, exitedAt: exit.at, 'step.tryAt': null },
        $inc: { 'step.version': 1 },
      },
      { returns: 'before' },
    );
    const found = before ? [...stopped, before] : stopped;
    // By one key there is one at most; by both there may be another person's with the same phone.
    const mayBeMore = before !== null && exit.referralUserId !== null && exit.phoneHash !== null;
    if (mayBeMore && found.length <= 10) return { at: 'enrollment', exit, stopped: found };
    return { at: 'in_flight', exit, stopped: found };
  },

  /** Sending or unknown, whatever the status, also when asked again. */
  async in_flight({ exit, stopped }, { store }) {
    const answer = (outcome: ExitResult['outcome']): ExitState => ({
      at: 'done',
      result: { outcome, enrollments: stopped.length, ended: stopped },
    });
    if (stopped.some(doc => doc.step.state !== 'scheduled')) return answer('in_flight');
    const open = await store.findOne('enrollments', {
      ...whom(exit),
      ...spared(exit),
      'step.state': { $in: ['sending', 'unknown'] },
    });
    if (open !== null) return answer('in_flight');
    return stopped.length > 0 ? answer('stopped') : { at: 'before', exit, stopped };
  },

  async before({ exit, stopped }, { store }) {
    const ended = await store.findOne<EnrollmentDoc>('enrollments', { ...whom(exit), ...spared(exit) });
    // Enrolled since the look above: it is stopped as well, so that the answer stays true.
    if (ended?.status === 'active') return { at: 'enrollment', exit, stopped };
    return { at: 'done', result: { outcome: ended ? 'already' : 'none', enrollments: 0, ended: stopped } };
  },

  done: state => Promise.resolve(state),
};

function whom({ referralUserId, phoneHash }: Exit): Document {
  if (referralUserId === null) return { phoneHash };
  return phoneHash === null ? { referralUserId } : { $or: [{ referralUserId }, { phoneHash }] };
}

const spared = (exit: Exit): Document => (exit.sparesSubscribers ? { forSubscribers: false } : {});

const keysOf = (exit: Pick<Exit, 'referralUserId' | 'phoneHash'>): string[] => [
  ...(exit.referralUserId === null ? [] : [`u:${exit.referralUserId}`]),
  ...(exit.phoneHash === null ? [] : [`p:${exit.phoneHash}`]),
];
