import { enrollmentIdOf } from '../platform/ids.ts';
import type { Db } from '../platform/mongo.ts';
import type { Referral } from '../referrals/index.ts';
import type { NotEligible } from './eligibility.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';
import type { PassedOverDoc } from './passed-over-model.ts';

export type Dated = Referral & { createdAt: Date };
export type Outcome = 'enrolled' | 'known' | NotEligible;
export interface Considered {
  referral: Dated;
  outcome: Outcome;
}

/** Whom of a batch this campaign has enrolled before, and why others were not. */
export async function recallBatch(
  referrals: readonly Dated[],
  campaignId: string,
  db: Db,
): Promise<{ known: ReadonlySet<string>; reasons: ReadonlyMap<string, NotEligible> }> {
  if (referrals.length === 0) return { known: new Set(), reasons: new Map() };
  const ids = referrals.map(referral => enrollmentIdOf(campaignId, referral.id));
  const [known, passedOver] = await Promise.all([
    db
      .collection<EnrollmentDoc>('enrollments')
      .find({ _id: { $in: ids } })
      .project<{ _id: string }>({ _id: 1 })
      .toArray(),
    db
      .collection<PassedOverDoc>('passed_over')
      .find({ _id: { $in: ids } })
      .project<Pick<PassedOverDoc, '_id' | 'reason'>>({ reason: 1 })
      .toArray(),
  ]);
  return {
    known: new Set(known.map(({ _id }) => _id)),
    reasons: new Map(passedOver.map(({ _id, reason }) => [_id, reason])),
  };
}

/** Keeps the last reason of whoever was not enrolled. Only what has changed is written: a second run writes nothing. */
export async function keepReasons(
  considered: readonly Considered[],
  before: ReadonlyMap<string, NotEligible>,
  { campaign, rules }: { campaign: { _id: string; memberId: string }; rules: { now: Date } },
  db: Db,
): Promise<void> {
  const enrolled: string[] = [];
  const changed: PassedOverDoc[] = [];
  for (const { referral, outcome } of considered) {
    const _id = enrollmentIdOf(campaign._id, referral.id);
    const last = before.get(_id);
    if (outcome === 'enrolled' || outcome === 'known') {
      if (last !== undefined) enrolled.push(_id);
    } else if (last !== outcome) {
      const { _id: campaignId, memberId } = campaign;
      changed.push({
        _id,
        memberId,
        campaignId,
        referralUserId: referral.id,
        reason: outcome,
        at: rules.now,
      });
    }
  }
  const passedOver = db.collection<PassedOverDoc>('passed_over');
  if (enrolled.length > 0) await passedOver.deleteMany({ _id: { $in: enrolled } });
  if (changed.length === 0) return;
  await passedOver.bulkWrite(
    changed.map(({ _id, ...fields }) => ({
      updateOne: { filter: { _id }, update: { $set: fields }, upsert: true },
    })),
    { ordered: false },
  );
}
