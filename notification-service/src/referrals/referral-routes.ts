import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import type { Db } from '../platform/mongo.ts';
import { MOST_A_CALL, pushReferrals } from './push-referrals.ts';

export const referralRoutes = (deps: { db: Db; clock: Clock }): Route[] => [
  route({
    method: 'post',
    path: '/api/relance/internal/referrals',
    access: 'service',
    tag: 'Internal',
    summary:
      'Tells who was referred by whom, for platforms without a user service. Adds or updates; idempotent.',
    maxBodyBytes: 8 * 1024 * 1024,
    body: z.object({
      referrals: z
        .array(z.unknown())
        .max(MOST_A_CALL, `must hold at most ${MOST_A_CALL} referrals a call`)
        .meta({
          description:
            'Each with _id and referrerUserId, and as far as known name, email, phoneNumber (digits with country code), country, gender, profession, age, language[], activeSubscriptionTypes[], createdAt.',
        }),
    }),
    replies: {
      200: z.object({
        added: z.number().int(),
        updated: z.number().int(),
        invalid: z.array(
          z.object({ index: z.number().int(), _id: z.string().nullable(), message: z.string() }),
        ),
      }),
    },
    handle: async ({ body }) => ({ data: await pushReferrals(body.referrals, deps) }),
  }),
];
