import type { ObservedMessage } from '../channels/index.ts';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import type { PhoneHasher } from '../platform/crypto.ts';
import type { Db, Filter } from '../platform/mongo.ts';

/** Who a chat is with. */
export interface Who {
  /** From the message, else from an enrollment; digits. */
  phone: string | null;
  phoneHash: string | null;
  /** Every sequence this person was ever in, latest first; whoever the member. */
  enrollments: EnrollmentDoc[];
}

/** Either key is enough: WhatsApp may name the hidden id (lid) alone, or the phone alone. */
export async function findWho(
  message: Pick<ObservedMessage, 'phone' | 'lid'>,
  { db, hasher }: { db: Db; hasher: PhoneHasher },
): Promise<Who> {
  const ownHash = message.phone === null ? null : hasher(message.phone);
  const byLid = message.lid === null ? [] : await enrollmentsOf({ 'chat.lid': message.lid }, db);
  const phoneHash = ownHash ?? byLid[0]?.phoneHash ?? null;
  const byPhone = phoneHash === null ? [] : await enrollmentsOf({ phoneHash }, db);
  const enrollments = [...new Map([...byPhone, ...byLid].map(doc => [doc._id, doc])).values()];
  const phone = message.phone ?? enrollments.find(doc => doc.phone !== null)?.phone ?? null;
  return { phone, phoneHash, enrollments };
}

/** The same of a message that was noted earlier: the note keeps no phone. */
export async function findNoted(
  { phoneHash, enrollmentId }: { phoneHash: string | null; enrollmentId: string | null },
  { db }: { db: Db },
): Promise<Who> {
  const either: Filter<EnrollmentDoc>[] = [
    ...(phoneHash === null ? [] : [{ phoneHash }]),
    ...(enrollmentId === null ? [] : [{ _id: enrollmentId }]),
  ];
  const enrollments = either.length === 0 ? [] : await enrollmentsOf({ $or: either }, db);
  const phone = enrollments.find(doc => doc.phone !== null)?.phone ?? null;
  return { phone, phoneHash, enrollments };
}

const MANY = 20;

const enrollmentsOf = (filter: Filter<EnrollmentDoc>, db: Db): Promise<EnrollmentDoc[]> =>
  db.collection<EnrollmentDoc>('enrollments').find(filter).sort({ enteredAt: -1 }).limit(MANY).toArray();

/** The keys under which an exit reaches all that is known of this person. */
export function keysOf({
  phoneHash,
  enrollments,
}: Who): { referralUserId: string | null; phoneHash: string | null }[] {
  const pairs = new Map(
    enrollments.map(doc => [
      `${doc.referralUserId} ${doc.phoneHash}`,
      { referralUserId: doc.referralUserId, phoneHash: doc.phoneHash },
    ]),
  );
  const known = [...pairs.values()];
  const covered = phoneHash === null || known.some(pair => pair.phoneHash === phoneHash);
  return covered ? known : [...known, { referralUserId: null, phoneHash }];
}
