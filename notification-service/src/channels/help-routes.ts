import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route, UserActor } from '../http/route.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { Collection, Db } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import { newestHelpRequests } from './help-requests.ts';

export interface HelpRouteDeps {
  db: Db;
  channels: Collection<ChannelDoc>;
  askForHelp(actor: UserActor, message: string | undefined, retryCount: number): Promise<void>;
}

const requestShape = z.object({
  ...{ _id: z.string(), memberId: z.string(), kind: z.enum(['by hand', 'by itself']) },
  ...{ phone_number: z.string(), username: z.string(), message: z.string() },
  createdAt: z.date(),
  deliveredAt: z
    .date()
    .nullable()
    .meta({ description: 'When the webhook took it; null: nobody has heard of it.' }),
});

export function helpRoutes(deps: HelpRouteDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/api/relance/help',
      access: 'member',
      tag: 'Connecting',
      summary: 'Asks the operator for help with connecting.',
      body: z.object({ message: z.string().max(2_000).optional() }),
      replies: { 202: null },
      errors: { 429: 'Asked for more than three times within an hour' },
      async handle({ actor, body }) {
        const channel = await deps.channels.findOne({ _id: channelIdOf(actor.userId) });
        await deps.askForHelp(actor, body.message, channel?.attempts.count ?? 0);
        return { status: 202, message: 'Help is on its way.' };
      },
    }),
    route({
      method: 'get',
      path: '/api/relance/admin/help-requests',
      access: 'admin',
      tag: 'Admin',
      summary: 'Who asked for help with connecting, the latest 100 first, also while no webhook is set.',
      replies: { 200: z.array(requestShape) },
      handle: async () => ({ data: await newestHelpRequests(deps.db) }),
    }),
  ];
}
