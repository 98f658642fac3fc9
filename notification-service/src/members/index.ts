/** A member's settings, pauses, consent, exclusions. */
import type { UserActor } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import type { Db } from '../platform/mongo.ts';
import { ensureMember } from './ensure-member.ts';
import type { Excluded } from './exclusions.ts';
import { leaveMember } from './leave-member.ts';
import type { Leaving } from './leave-member.ts';
import type { MemberDoc } from './member-model.ts';
import { memberRoutes } from './member-routes.ts';

export * from './member-model.ts';
export { ensureMember } from './ensure-member.ts';
export type { Excluded } from './exclusions.ts';
export type { Leaving } from './leave-member.ts';
export * from './settings.ts';

export interface MembersDeps {
  db: Db;
  clock: Clock;
  leaving: Leaving;
  /** Ends this member's running sequence with somebody they have just excluded. */
  stopFor(memberId: string, excluded: Excluded): Promise<void>;
}

export interface Members {
  routes: Route[];
  /** The member exists afterwards. */
  ensure(actor: Pick<UserActor, 'userId' | 'email' | 'name'>): Promise<void>;
  find(memberId: string): Promise<MemberDoc | null>;
  leave(memberId: string): Promise<void>;
}

export function createMembers(deps: MembersDeps): Members {
  const members = deps.db.collection<MemberDoc>('members');
  return {
    routes: memberRoutes({ ...deps, members }),
    ensure: actor => ensureMember(actor, { members, clock: deps.clock }),
    find: memberId => members.findOne({ _id: memberId }),
    leave: memberId => leaveMember(memberId, deps),
  };
}
