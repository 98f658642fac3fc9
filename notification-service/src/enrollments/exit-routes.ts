import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { userId } from '../http/schemas.ts';
import type { Clock } from '../platform/clock.ts';
import type { DocStore } from '../platform/doc-store.ts';
import type { Collection, Db } from '../platform/mongo.ts';
import type { ExitEventDoc } from './exit-event-model.ts';
import { exitReferral } from './exit-referral.ts';
import type { ExitResult } from './exit-steps.ts';

export interface ExitRouteDeps {
  db: Db;
  store: DocStore;
  clock: Clock;
  /** Told once the answer is certain; must not throw. */
  ended(result: ExitResult): void;
}

const exitBody = z.object({
  userId,
  reason: z.enum(['paid', 'manual']).default('paid'),
  eventId: z.string().min(1).max(200).optional(),
});

const answerShape = z.object({
  outcome: z.enum(['stopped', 'in_flight', 'already', 'none']),
  enrollments: z.number().int().meta({ description: 'How many were active.' }),
});

export function exitRoutes(deps: ExitRouteDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/relance/internal/exit-user',
      access: 'service',
      tag: 'Internal',
      summary: 'This person has paid: nothing more is sent to them. Wins every race; idempotent.',
      body: exitBody,
      invalidMessage: 'userId is required',
      replies: { 200: answerShape },
      async handle({ body }) {
        const answer = await exitUser(body, deps);
        return { message: 'User removed from relance loop', data: answer };
      },
    }),
  ];
}

type Answer = Pick<ExitResult, 'outcome' | 'enrollments'>;

async function exitUser(body: z.output<typeof exitBody>, deps: ExitRouteDeps): Promise<Answer> {
  const events = deps.db.collection<ExitEventDoc>('exit_events');
  const first = body.eventId === undefined ? null : await events.findOne({ _id: body.eventId });
  if (first) return first.answer;
  const result = await exitReferral(
    {
      referralUserId: body.userId,
      phoneHash: null,
      reason: body.reason,
      remember: body.reason === 'paid' ? 'paidAt' : null,
      sparesSubscribers: body.reason === 'paid',
      at: deps.clock.now(),
    },
    deps,
  );
  deps.ended(result);
  const answer = { outcome: result.outcome, enrollments: result.enrollments };
  return body.eventId === undefined ? answer : keepFirst(events, body.eventId, answer);
}

/** Two calls with one event at the same time: the one that is kept first is what both answer. */
async function keepFirst(events: Collection<ExitEventDoc>, eventId: string, answer: Answer): Promise<Answer> {
  const kept = await events.findOneAndUpdate(
    { _id: eventId },
    { $setOnInsert: { answer }, $currentDate: { at: true } },
    { upsert: true, returnDocument: 'after' },
  );
  return kept?.answer ?? answer;
}
