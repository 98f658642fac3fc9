import type { MemberDoc } from '../members/index.ts';
import type { Db } from '../platform/mongo.ts';
import type { ReferralSource, YesNoUnknown } from '../referrals/index.ts';

type Subscription = MemberDoc['subscription'];

const WORTH_WRITING_MS = 30 * 60_000;

/**
 * Asks whether a member is subscribed and keeps the answer. From a definite no on, their enrollments are held
 * (`noSince`); unknown changes nothing.
 */
export async function followSubscription(
  member: Pick<MemberDoc, '_id' | 'subscription'>,
  { source, db, now }: { source: Pick<ReferralSource, 'hasSubscription'>; db: Db; now: Date },
): Promise<{ answer: YesNoUnknown; subscription: Subscription }> {
  const answer = await source.hasSubscription(member._id);
  const subscription = nextSubscription(member.subscription, answer, now);
  if (hasChanged(member.subscription, subscription)) {
    await db.collection<MemberDoc>('members').updateOne({ _id: member._id }, { $set: { subscription } });
  }
  return { answer, subscription };
}

function nextSubscription(before: Subscription, answer: YesNoUnknown, now: Date): Subscription {
  if (answer === 'unknown') return before;
  return { answer, noSince: answer === 'no' ? (before.noSince ?? now) : null, askedAt: now };
}

/** Only a definite no, said again after the days of grace, ends enrollments. */
export const isOverdue = (
  { noSince }: Pick<Subscription, 'noSince'>,
  answer: YesNoUnknown,
  { now, graceMs }: { now: Date; graceMs: number },
): boolean => answer === 'no' && noSince !== null && now.getTime() - noSince.getTime() >= graceMs;

/** That it was asked again a moment later is not worth a write. */
const hasChanged = (before: Subscription, after: Subscription): boolean =>
  before.answer !== after.answer ||
  before.noSince?.getTime() !== after.noSince?.getTime() ||
  (after.askedAt?.getTime() ?? 0) - (before.askedAt?.getTime() ?? 0) >= WORTH_WRITING_MS;
