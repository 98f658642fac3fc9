import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { userId } from '../http/schemas.ts';
import type { RunReport } from './run-report.ts';

export interface EnrollmentRouteDeps {
  /** One member, or all of them. Logs its own failures. */
  run(memberId: string | null): Promise<RunReport>;
  recordAudit(entry: { actor: string; action: string; target: string; after?: unknown }): Promise<void>;
  /** Machine time: a longer run goes on, and the answer says so. */
  waitMs?: number;
}

const WAIT_MS = 20_000;

const counts = z.record(z.string(), z.number().int());
const count = z.number().int();
const reportShape = z.object({
  finished: z.boolean(),
  report: z
    .object({
      members: count,
      failed: count,
      enrolled: count,
      known: count,
      paid: count,
      gone: count,
      undecided: count,
      expired: count,
      reasons: counts.meta({ description: 'How many were not enrolled, by reason.' }),
      closed: counts.meta({ description: 'For how many members nobody could be enrolled, by reason.' }),
    })
    .nullable(),
});

export const enrollmentRoutes = (deps: EnrollmentRouteDeps): Route[] => [
  route({
    method: 'post',
    path: '/api/relance/admin/enrollment/run',
    access: 'admin',
    tag: 'Admin',
    summary:
      'Runs the enrollment check now, for everybody or for one member, and says why people were not enrolled.',
    body: z.object({ userId: userId.optional().meta({ description: 'Only this member.' }) }),
    replies: { 200: reportShape },
    async handle({ actor, body }) {
      const target = body.userId ?? null;
      const report = await within(deps.run(target), deps.waitMs ?? WAIT_MS);
      const finished = report !== null;
      await deps.recordAudit({
        actor: actor.userId,
        action: 'enrollment.run',
        target: target ?? 'all',
        after: { finished, enrolled: report?.enrolled ?? null },
      });
      return {
        data: { finished, report },
        message: finished ? 'Enrollment run finished' : 'The enrollment run goes on',
      };
    },
  }),
];

/** Null when it takes longer. */
async function within<R>(work: Promise<R>, ms: number): Promise<R | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
