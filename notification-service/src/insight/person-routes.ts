import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { userId } from '../http/schemas.ts';
import type { AuditEntry } from './audit.ts';
import { erasePerson } from './erase-person.ts';
import type { EraseDeps } from './erase-person.ts';
import { exportPerson } from './export-person.ts';

const params = z.object({ userId });
const documents = z.record(z.string(), z.array(z.looseObject({})));
const exportShape = z.object({
  userId: z.string(),
  exportedAt: z.date(),
  asReferral: documents,
  asMember: documents,
});
const erasedShape = z.object({
  outcome: z.enum(['stopped', 'in_flight', 'already', 'none']),
  deleted: z.record(z.string(), z.number()),
});

/** What somebody may ask for by law: a copy of their data, and its erasure. */
export function personRoutes(deps: EraseDeps & { recordAudit(entry: AuditEntry): Promise<void> }): Route[] {
  return [
    route({
      method: 'get',
      path: '/api/relance/admin/people/{userId}/export',
      access: 'admin',
      tag: 'Admin',
      summary: 'Everything that is kept about one user of the platform, as referral and as member.',
      params,
      replies: { 200: exportShape },
      errors: { 404: 'Nothing is kept about this person.' },
      handle: async ({ params: asked }) => ({ data: await exportPerson(asked.userId, deps) }),
    }),
    route({
      method: 'delete',
      path: '/api/relance/admin/people/{userId}',
      access: 'admin',
      tag: 'Admin',
      summary:
        'Erases one user; only the keyed hash of their numbers stays, so that nobody writes to them again.',
      params,
      replies: { 200: erasedShape },
      async handle({ params: asked, actor }) {
        const erased = await erasePerson(asked.userId, deps);
        await deps.recordAudit({
          ...{ actor: actor.userId, action: 'person.erase', target: 'erased' },
          after: erased,
        });
        return { message: 'Person erased', data: erased };
      },
    }),
  ];
}
