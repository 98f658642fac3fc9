import type { DocStore } from '../platform/doc-store.ts';
import type { Db } from '../platform/mongo.ts';
import type { ReferralSource } from '../referrals/index.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';
import { exitReferral } from './exit-referral.ts';
import type { Exit, ExitResult } from './exit-steps.ts';

export interface PaymentDeps {
  db: Db;
  store: DocStore;
  source: Pick<ReferralSource, 'details'>;
  /** Told of every sequence that was ended here; must not throw. */
  ended(result: ExitResult, exit: Exit): void;
}

/** The running sequences of a member that a payment would end, as they were before the question was asked. */
export interface Watch {
  /** The oldest referral among them; null when there are none. */
  oldest: Date | null;
  /** Notes that a complete answer contains this person. */
  sees(referralUserId: string): void;
  readonly entries: ReadonlyMap<string, Watched>;
}
interface Watched {
  enrollmentId: string;
  unpaidSeenAt: Date | null;
  seen: boolean;
}

export async function watchPayments(memberId: string, db: Db): Promise<Watch> {
  const entries = new Map<string, Watched>();
  let oldest: Date | null = null;
  const cursor = db
    .collection<EnrollmentDoc>('enrollments')
    .find({ memberId, status: 'active', forSubscribers: false })
    .project<Pick<EnrollmentDoc, '_id' | 'referralUserId' | 'referralCreatedAt' | 'unpaidSeenAt'>>({
      referralUserId: 1,
      referralCreatedAt: 1,
      unpaidSeenAt: 1,
    });
  for await (const { _id, referralUserId, referralCreatedAt, unpaidSeenAt } of cursor) {
    if (oldest === null || referralCreatedAt < oldest) oldest = referralCreatedAt;
    entries.set(referralUserId, { enrollmentId: _id, unpaidSeenAt, seen: false });
  }
  return {
    oldest,
    entries,
    sees(referralUserId) {
      const watched = entries.get(referralUserId);
      if (watched) watched.seen = true;
    },
  };
}

const CHUNK = 1_000;

/**
 * What a complete answer means for the sequences that ran when it was asked for. Seen: unpaid at `askedAt`. Missing:
 * ended as `paid`, or as `manual` when the platform knows the person no more; while that is not known, nothing ends.
 */
export async function followPayments(
  watch: Watch,
  answer: { askedAt: Date; provesAbsence: boolean; freshEnoughMs: number },
  deps: PaymentDeps,
): Promise<{ paid: number; gone: number; undecided: number }> {
  await markSeen(watch, answer, deps.db);
  const missing = [...watch.entries].filter(([, { seen }]) => !seen).map(([id]) => id);
  if (missing.length === 0) return { paid: 0, gone: 0, undecided: 0 };
  const details = answer.provesAbsence ? await deps.source.details(missing) : null;
  if (!details?.known) return { paid: 0, gone: 0, undecided: missing.length };
  let paid = 0;
  for (const referralUserId of missing) {
    const exit = exitOf(referralUserId, details.byId.has(referralUserId), answer.askedAt);
    if (exit.reason === 'paid') paid += 1;
    deps.ended(await exitReferral(exit, deps), exit);
  }
  return { paid, gone: missing.length - paid, undecided: 0 };
}

const exitOf = (referralUserId: string, isKnown: boolean, at: Date): Exit => ({
  referralUserId,
  phoneHash: null,
  reason: isKnown ? 'paid' : 'manual',
  remember: isKnown ? 'paidAt' : null,
  sparesSubscribers: true,
  at,
});

/** Whoever was seen a moment ago needs no further write. */
async function markSeen(
  watch: Watch,
  { askedAt, freshEnoughMs }: { askedAt: Date; freshEnoughMs: number },
  db: Db,
): Promise<void> {
  const writtenSince = askedAt.getTime() - freshEnoughMs;
  const ids = [...watch.entries.values()]
    .filter(({ seen, unpaidSeenAt }) => seen && (unpaidSeenAt?.getTime() ?? 0) < writtenSince)
    .map(({ enrollmentId }) => enrollmentId);
  for (let at = 0; at < ids.length; at += CHUNK) {
    await db
      .collection<EnrollmentDoc>('enrollments')
      .updateMany(
        { _id: { $in: ids.slice(at, at + CHUNK) }, status: 'active' },
        { $max: { unpaidSeenAt: askedAt } },
      );
  }
}
