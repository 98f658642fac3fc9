import type { Db } from '../platform/mongo.ts';
import type { Referral } from '../referrals/index.ts';
import type { NotEligible } from './eligibility.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';
import type { PassedOverDoc } from './passed-over-model.ts';

/** With the id that the enrollment has or would have. */
export type Dated = Referral & { createdAt: Date; enrollmentId: string };
export type Outcome = 'enrolled' | 'known' | NotEligible;
export interface Considered {
  referral: Dated;
  outcome: Outcome;
}

/** Whom of a batch this campaign has enrolled before, and why others were not. */
export async function recallBatch(
  referrals: readonly Dated[],
  db: Db,
): Promise<{ known: ReadonlySet<string>; reasons: ReadonlyMap<string, NotEligible> }> {
  if (referrals.length === 0) return { known: new Set(), reasons: new Map() };
  const ids = referrals.map(referral => referral.enrollmentId);
  const [known, passedOver] = await Promise.all([
    db
      .collection<EnrollmentDoc>('enrollments')
      .find({ _id: { $in: ids } })
      .project<{ _id: string }>({ _id: 1 })
      .toArray(),
    passedOverAmong(ids, referrals[0]?.memberId ?? '', db),
  ]);
  return {
    known: new Set(known.map(({ _id }) => _id)),
    reasons: new Map(passedOver.map(({ _id, reason }) => [_id, reason])),
  };
}

/** Most members have nobody passed over, which one look tells. */
async function passedOverAmong(
  ids: readonly string[],
  memberId: string,
  db: Db,
): Promise<Pick<PassedOverDoc, '_id' | 'reason'>[]> {
  const passedOver = db.collection<PassedOverDoc>('passed_over');
  if ((await passedOver.findOne({ memberId }, { projection: { _id: 1 } })) === null) return [];
  return passedOver
    .find({ _id: { $in: [...ids] } })
    .project<Pick<PassedOverDoc, '_id' | 'reason'>>({ reason: 1 })
    .toArray();
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
    const _id = referral.enrollmentId;
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
