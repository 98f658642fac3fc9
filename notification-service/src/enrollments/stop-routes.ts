import { z } from 'zod';
import { idParams } from '../http/schemas.ts';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import type { DocStore } from '../platform/doc-store.ts';
import type { ExitResult } from './exit-steps.ts';
import { stopTarget } from './stop-target.ts';

export interface StopRouteDeps {
  store: DocStore;
  clock: Clock;
  /** Told once the answer is certain; must not throw. */
  ended(result: ExitResult): void;
  recordAudit(entry: { actor: string; action: string; target: string; after?: unknown }): Promise<void>;
}

const answerShape = z.object({ outcome: z.enum(['stopped', 'in_flight', 'already']) });
const common = {
  method: 'post',
  params: idParams,
  replies: { 200: answerShape },
  errors: { 404: 'Target not found' },
} as const;

export function stopRoutes(deps: StopRouteDeps): Route[] {
  const stop = async (enrollmentId: string, memberId: string | null) => {
    const result = await stopTarget({ enrollmentId, memberId, at: deps.clock.now() }, deps);
    deps.ended(result);
    return { message: 'Target stopped', data: { outcome: result.outcome } };
  };
  return [
    route({
      ...common,
      path: '/api/relance/targets/{id}/stop',
      access: 'member',
      tag: 'Member',
      summary: 'Ends the sequence of one of one’s own targets: nothing more is sent to this person.',
      handle: ({ actor, params }) => stop(params.id, actor.userId),
    }),
    route({
      ...common,
      path: '/api/relance/admin/targets/{id}/stop',
      access: 'admin',
      tag: 'Admin',
      summary: 'Ends the sequence of one target of any member.',
      async handle({ actor, params }) {
        const reply = await stop(params.id, null);
        await deps.recordAudit({
          actor: actor.userId,
          action: 'target.stop',
          target: params.id,
          after: reply.data,
        });
        return reply;
      },
    }),
  ];
}
