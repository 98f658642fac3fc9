import type { UserActor } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import type { Collection } from '../platform/mongo.ts';
import type { MemberDoc } from './member-model.ts';
import { newMember } from './member-model.ts';

/**
 * A member exists from their first own act on. Idempotent, also when asked twice at once; the e-mail and the name of
 * the token are kept fresh.
 */
export async function ensureMember(
  actor: Pick<UserActor, 'userId' | 'email' | 'name'>,
  { members, clock }: { members: Collection<MemberDoc>; clock: Clock },
): Promise<void> {
  const { userId, email, name } = actor;
  const told: Partial<MemberDoc> = name === null ? { email } : { email, name };
  const { _id, ...fresh } = newMember({ _id: userId, email, name, at: clock.now() });
  const untold = Object.fromEntries(Object.entries(fresh).filter(([field]) => !(field in told)));
  await members.updateOne({ _id }, { $set: told, $setOnInsert: untold }, { upsert: true });
}
