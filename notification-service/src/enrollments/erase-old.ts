import type { Db } from '../platform/mongo.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';

const ROWS_WITHOUT_TEXT = {
  $arrayToObject: {
    $map: {
      input: { $objectToArray: '$rows' },
      in: { k: '$$this.k', v: { $mergeObjects: ['$$this.v', { text: null }] } },
    },
  },
};

/**
 * Retention: texts and phones of enrollments that ended before this instant are forgotten. That the person was followed
 * up stays, and so does the keyed hash of the phone. Returns how many.
 */
export async function eraseOldEnrollments(db: Db, before: Date): Promise<number> {
  // The log of a campaign that was deleted has no sequence any more that would hand this on.
  await db
    .collection('deliveries')
    .updateMany({ at: { $lt: before }, text: { $ne: null } }, { $set: { text: null } });
  const { modifiedCount } = await db
    .collection<EnrollmentDoc>('enrollments')
    .updateMany({ status: 'ended', exitedAt: { $lt: before }, phone: { $ne: null } }, [
      {
        $set: {
          phone: null,
          chat: null,
          'referral.name': null,
          'referral.firstName': null,
          'referral.email': null,
          'referral.attributes': { $literal: {} },
          rows: ROWS_WITHOUT_TEXT,
          rowsAt: '$$NOW',
        },
      },
    ]);
  return modifiedCount;
}
