import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { userId } from '../http/schemas.ts';
import type { Clock } from '../platform/clock.ts';
import type { Collection, Db } from '../platform/mongo.ts';
import { ensureMember } from './ensure-member.ts';
import { addExclusion, exclusionsOf, readExcluded, removeExclusion } from './exclusions.ts';
import type { Excluded } from './exclusions.ts';
import { leaveMember } from './leave-member.ts';
import type { Leaving } from './leave-member.ts';
import type { MemberDoc } from './member-model.ts';

export interface MemberRouteDeps {
  db: Db;
  members: Collection<MemberDoc>;
  clock: Clock;
  leaving: Leaving;
  /** Ends this member's running sequence with somebody they have just excluded. */
  stopFor(memberId: string, excluded: Excluded): Promise<void>;
}

const excludedBody = z
  .object({
    phone: z.string().max(40).optional().meta({ description: 'With country code.' }),
    userId: userId.optional(),
  })
  .refine(({ phone, userId }) => phone !== undefined || userId !== undefined, {
    error: 'Give a phone or a userId',
    // Leaves the sentence of a wrong type alone.
    when: ({ issues }) => issues.length === 0,
  });

const exclusionShape = z.object({
  id: z.string(),
  phone: z.string().nullable(),
  userId: z.string().nullable(),
  at: z.date(),
});

export function memberRoutes(deps: MemberRouteDeps): Route[] {
  const { members, clock } = deps;
  return [
    route({
      method: 'get',
      path: '/api/relance/exclusions',
      access: 'member',
      tag: 'Member',
      summary: 'Whom this member never wants to be written to, the latest first.',
      replies: { 200: z.array(exclusionShape) },
      handle: async ({ actor }) => ({ data: await exclusionsOf(actor.userId, members) }),
    }),
    route({
      method: 'post',
      path: '/api/relance/exclusions',
      access: 'member',
      tag: 'Member',
      summary: 'Never write to this person: by phone or by user id. A running sequence with them ends.',
      body: excludedBody,
      replies: { 200: exclusionShape, 201: exclusionShape },
      async handle({ actor, body }) {
        const excluded = readExcluded(body);
        await ensureMember(actor, deps);
        const { exclusion, added } = await addExclusion(actor.userId, excluded, { members, clock });
        await deps.stopFor(actor.userId, excluded);
        return { status: added ? 201 : 200, data: exclusion };
      },
    }),
    route({
      method: 'delete',
      path: '/api/relance/exclusions',
      access: 'member',
      tag: 'Member',
      summary: 'This person may be written to again; a sequence that ended does not come back.',
      body: excludedBody,
      replies: { 200: null },
      errors: { 404: 'This person is not excluded.' },
      async handle({ actor, body }) {
        await removeExclusion(actor.userId, readExcluded(body), members);
        return { message: 'This person is no longer excluded.' };
      },
    }),
    route({
      method: 'post',
      path: '/api/relance/consent',
      access: 'member',
      tag: 'Member',
      summary: 'The member has seen what their friends will get and agrees. The first moment is kept.',
      body: z.object({
        name: z.string().trim().max(100).optional().meta({ description: 'Where the token carries none.' }),
      }),
      replies: { 200: z.object({ consentAt: z.date() }) },
      async handle({ actor, body }) {
        await ensureMember({ ...actor, name: actor.name ?? (body.name || null) }, deps);
        const now = clock.now();
        const member = await members.findOneAndUpdate(
          { _id: actor.userId },
          [{ $set: { consentAt: { $ifNull: ['$consentAt', now] } } }],
          { returnDocument: 'after', projection: { consentAt: 1 } },
        );
        return { data: { consentAt: member?.consentAt ?? now } };
      },
    }),
    route({
      method: 'delete',
      path: '/api/relance/me',
      access: 'member',
      tag: 'Member',
      summary: 'Leaves: unlinks WhatsApp and deletes all that is theirs. Opt-outs are remembered.',
      replies: { 200: null },
      async handle({ actor }) {
        await leaveMember(actor.userId, deps);
        return { message: 'Everything of yours was deleted.' };
      },
    }),
  ];
}
