import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route, UserActor } from '../http/route.ts';
import { wallNowMs } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { Collection, Db } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import { connectChannel } from './connect-channel.ts';
import type { ConnectDeps } from './connect-channel.ts';
import { connectionHistoryOf } from './connection-history.ts';
import type { DisconnectDeps } from './disconnect-channel.ts';
import { disconnectChannel } from './disconnect-channel.ts';
import { helpRoutes } from './help-routes.ts';
import { phoneCheckRoute } from './phone-check-route.ts';

export interface ChannelRouteDeps {
  db: Db;
  channels: Collection<ChannelDoc>;
  clock: Clock;
  connect: ConnectDeps;
  disconnect: DisconnectDeps;
  askForHelp(actor: UserActor, message: string | undefined, retryCount: number): Promise<void>;
}

const connectBody = z.object({ phoneNumber: z.string().min(1).max(30).optional() });
const connectShape = z.union([
  z.object({ alreadyConnected: z.literal(true), whatsappStatus: z.literal('connected') }),
  z.object({
    qr: z.string().meta({ description: 'A picture: data:image/png;base64,…' }),
    expiresInSeconds: z.number(),
    attempt: z.number(),
    maxAttempts: z.number(),
    pairingCode: z.string().optional(),
  }),
]);

export function channelRoutes(deps: ChannelRouteDeps): Route[] {
  const connectAt = (path: string) =>
    route({
      method: 'post',
      path,
      access: 'member',
      tag: 'Connecting',
      summary:
        'The QR of this moment (and a pairing code when a phone number is given), or that WhatsApp is connected.',
      limit: 'connect',
      countsToLimit: actor => beginsAttempt(actor, deps),
      body: connectBody,
      replies: { 200: connectShape },
      errors: {
        429: 'In cooldown; details.cooldownUntil says until when',
        409: 'The number that was scanned belongs to another member',
        503: 'Every session slot is busy',
        504: 'QR code generation timeout',
      },
      async handle({ actor, body }) {
        const connected = await connectChannel(actor, body.phoneNumber, deps.connect);
        if (connected.kind === 'connected') {
          return {
            message: 'WhatsApp already connected',
            data: { alreadyConnected: true, whatsappStatus: 'connected' },
          };
        }
        return { data: connected.data };
      },
    });

  return [
    connectAt('/api/relance/connect'),
    connectAt('/api/relance/retry'),
    phoneCheckRoute(),
    route({
      method: 'delete',
      path: '/api/relance/disconnect',
      access: 'member',
      tag: 'Connecting',
      summary: 'Disconnects and keeps the login; with force unlinks the device and deletes the login.',
      body: z.object({ force: z.boolean().optional() }),
      replies: { 200: null },
      async handle({ actor, body }) {
        const force = body.force === true;
        await disconnectChannel(actor.userId, force, deps.disconnect);
        return {
          message: force ? 'WhatsApp session completely reset' : 'WhatsApp disconnected successfully',
        };
      },
    }),
    route({
      method: 'get',
      path: '/api/relance/connection/history',
      access: 'member',
      tag: 'Connecting',
      summary: 'Connects, disconnects and their reasons, the latest first.',
      replies: {
        200: z.array(
          z.object({ _id: z.string(), event: z.string(), reason: z.string().nullable(), at: z.date() }),
        ),
      },
      async handle({ actor }) {
        const rows = await connectionHistoryOf(deps.db, actor.userId);
        return { data: rows.map(({ _id, event, reason, at }) => ({ _id, event, reason, at })) };
      },
    }),
    ...helpRoutes(deps),
  ];
}

/** A repeat within an attempt's countdown costs nothing, and neither does asking during a cooldown. */
async function beginsAttempt(actor: UserActor, { channels, clock }: ChannelRouteDeps): Promise<boolean> {
  const channel = await channels.findOne({ _id: channelIdOf(actor.userId) }, { projection: { attempts: 1 } });
  const { endsAt = null, cooldownUntil = null } = channel?.attempts ?? {};
  if (cooldownUntil && cooldownUntil > clock.now()) return false;
  return endsAt === null || endsAt.getTime() <= wallNowMs();
}
