import type { Clock } from '../platform/clock.ts';
import { USER_ID_PATTERN } from '../platform/ids.ts';
import type { Db } from '../platform/mongo.ts';
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
 */
export async function pushReferrals(
  rows: readonly unknown[],
  { db, clock }: { db: Db; clock: Clock },
): Promise<PushResult> {
  const now = clock.now();
  const { docs, invalid } = readRows(rows);
  if (docs.length === 0) return { added: 0, updated: 0, invalid };
  const result = await db.collection<ReferralDoc>('referrals').bulkWrite(
    docs.map(({ _id, createdAt, ...rest }) => ({
      updateOne: {
        filter: { _id },
        // Without a date of its own, a referral is as old as its first push.
        update: createdAt
          ? { $set: { ...rest, createdAt, updatedAt: now } }
          : { $set: { ...rest, updatedAt: now }, $setOnInsert: { createdAt: now } },
        upsert: true,
      },
    })),
    { ordered: false },
  );
  return { added: result.upsertedCount, updated: result.matchedCount, invalid };
}

type PushedDoc = Omit<ReferralDoc, 'createdAt' | 'updatedAt'> & { createdAt: Date | null };

function readRows(rows: readonly unknown[]): { docs: PushedDoc[]; invalid: PushResult['invalid'] } {
  const docs = new Map<string, PushedDoc>();
  const invalid: PushResult['invalid'] = [];
  rows.forEach((row, index) => {
    const read = readRow(row);
    if (typeof read === 'string') invalid.push({ index, _id: idIn(row), message: read });
    else docs.set(read._id, read);
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
