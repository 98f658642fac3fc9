import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Collection } from '../platform/mongo.ts';
import { parsePhone } from '../platform/phone.ts';
import type { Exclusion, MemberDoc } from './member-model.ts';

/** Whom a member never wants to be written to: by phone, or by user id. */
export interface Excluded {
  /** Digits with country code. */
  phone: string | null;
  userId: string | null;
}

/** The list lies inside the member's document. */
const MOST = 5_000;

/** Reads what was typed; throws `bad_request` for a phone number that is none. */
export function readExcluded(body: { phone?: string | undefined; userId?: string | undefined }): Excluded {
  if (body.phone === undefined) return { phone: null, userId: body.userId ?? null };
  const parsed = parsePhone(body.phone);
  if (!parsed) {
    throw new AppError(
      'bad_request',
      'phone is not a valid number; write it with its country code, such as +33 6 12 34 56 78',
    );
  }
  return { phone: parsed.phone, userId: body.userId ?? null };
}

/** The latest first. */
export async function exclusionsOf(memberId: string, members: Collection<MemberDoc>): Promise<Exclusion[]> {
  const member = await members.findOne({ _id: memberId }, { projection: { exclusions: 1 } });
  return (member?.exclusions ?? []).toReversed();
}

/** The member exists. Excluding somebody again changes nothing and answers with what stands. */
export async function addExclusion(
  memberId: string,
  excluded: Excluded,
  { members, clock }: { members: Collection<MemberDoc>; clock: Clock },
): Promise<{ exclusion: Exclusion; added: boolean }> {
  const exclusion: Exclusion = { id: newId(), ...excluded, at: clock.now() };
  const { matchedCount } = await members.updateOne(
    {
      _id: memberId,
      exclusions: { $not: { $elemMatch: excluded } },
      [`exclusions.${MOST - 1}`]: { $exists: false },
    },
    { $push: { exclusions: exclusion } },
  );
  if (matchedCount > 0) return { exclusion, added: true };
  const standing = (await exclusionsOf(memberId, members)).find(isAbout(excluded));
  if (!standing) throw new AppError('conflict', `At most ${MOST} people can be excluded.`);
  return { exclusion: standing, added: false };
}

/** Removes whatever names this phone or this user; throws `not_found` when nothing does. */
export async function removeExclusion(
  memberId: string,
  { phone, userId }: Excluded,
  members: Collection<MemberDoc>,
): Promise<void> {
  const named = [...(phone === null ? [] : [{ phone }]), ...(userId === null ? [] : [{ userId }])];
  let removed = false;
  for (const exclusions of named) {
    const { modifiedCount } = await members.updateOne({ _id: memberId }, { $pull: { exclusions } });
    removed ||= modifiedCount > 0;
  }
  if (!removed) throw new AppError('not_found', 'This person is not excluded.');
}

const isAbout =
  ({ phone, userId }: Excluded) =>
  (exclusion: Exclusion): boolean =>
    exclusion.phone === phone && exclusion.userId === userId;
