import type { Clock } from '../platform/clock.ts';
import { USER_ID_PATTERN } from '../platform/ids.ts';
import type { Collection, Db } from '../platform/mongo.ts';
import type { ReferralDoc } from './referral-model.ts';
import { readReferral } from './referral-shape.ts';

export interface PushResult {
  added: number;
  /** Known before; also those in which nothing has changed. */
  updated: number;
  /** Places in the list that was sent, from 0. */
  invalid: { index: number; _id: string | null; message: string }[];
}

export const MOST_A_CALL = 5_000;

/**
 * Takes over referrals that a platform tells us, at most {@link MOST_A_CALL} a call: fields as in `unpaid-referrals`,
 * and `referrerUserId`. What cannot be used is named and keeps nobody else out. Told twice in one call, the last counts.
 * Referrer and date stay as they were first told: a person who seemed to leave a member's list would seem to have paid.
 */
export async function pushReferrals(
  rows: readonly unknown[],
  { db, clock }: { db: Db; clock: Clock },
): Promise<PushResult> {
  const referrals = db.collection<ReferralDoc>('referrals');
  const read = readRows(rows);
  const { docs, invalid } = await withoutOthers(read, referrals);
  if (docs.length === 0) return { added: 0, updated: 0, invalid };
  const now = clock.now();
  const result = await referrals.bulkWrite(
    docs.map(({ doc: { _id, memberId, createdAt, ...rest } }) => ({
      updateOne: {
        filter: { _id },
        update: {
          $set: { ...rest, updatedAt: now },
          // Without a date of its own, a referral is as old as its first push.
          $setOnInsert: { memberId, createdAt: createdAt ?? now },
        },
        upsert: true,
      },
    })),
    { ordered: false },
  );
  return { added: result.upsertedCount, updated: result.matchedCount, invalid };
}

type PushedDoc = Omit<ReferralDoc, 'createdAt' | 'updatedAt'> & { createdAt: Date | null };
interface Rows {
  docs: { index: number; doc: PushedDoc }[];
  invalid: PushResult['invalid'];
}

function readRows(rows: readonly unknown[]): Rows {
  const docs = new Map<string, Rows['docs'][number]>();
  const invalid: PushResult['invalid'] = [];
  rows.forEach((row, index) => {
    const doc = readRow(row);
    if (typeof doc === 'string') invalid.push({ index, _id: idIn(row), message: doc });
    else docs.set(doc._id, { index, doc });
  });
  return { docs: [...docs.values()], invalid };
}

/** The document, or a sentence. */
function readRow(row: unknown): PushedDoc | string {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return 'A referral is an object.';
  const memberId = 'referrerUserId' in row ? row.referrerUserId : undefined;
  if (typeof memberId !== 'string' || !USER_ID_PATTERN.test(memberId))
    return 'referrerUserId is not a valid user id.';
  const referral = readReferral(row, memberId);
  if (referral === null) return '_id is not a valid user id.';
  if (referral.id === memberId) return 'Nobody refers themselves.';
  if (referral.createdAt === null && 'createdAt' in row && row.createdAt != null)
    return 'createdAt is not a date.';
  const { id, languages, ...rest } = referral;
  return { _id: id, languages: languages ?? [], ...rest };
}

const idIn = (row: unknown): string | null =>
  typeof row === 'object' && row !== null && '_id' in row && typeof row._id === 'string'
    ? row._id.slice(0, 64)
    : null;

async function withoutOthers({ docs, invalid }: Rows, referrals: Collection<ReferralDoc>): Promise<Rows> {
  const known = await referrals
    .find({ _id: { $in: docs.map(({ doc }) => doc._id) } })
    .project<Pick<ReferralDoc, '_id' | 'memberId'>>({ memberId: 1 })
    .toArray();
  const referrerOf = new Map(known.map(({ _id, memberId }) => [_id, memberId]));
  const isOthers = ({ doc }: Rows['docs'][number]) =>
    (referrerOf.get(doc._id) ?? doc.memberId) !== doc.memberId;
  const refused = docs.filter(isOthers).map(({ index, doc }) => ({
    index,
    _id: doc._id,
    message: 'This person was referred by another member before.',
  }));
  return {
    docs: docs.filter(row => !isOthers(row)),
    invalid: [...invalid, ...refused].sort((a, b) => a.index - b.index),
  };
}
