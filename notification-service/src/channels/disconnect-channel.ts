import type { Clock } from '../platform/clock.ts';
import type { Events } from '../platform/events.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { Collection } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import type { CommandAnswer, CommandRequest } from './command-model.ts';
import type { Transport } from './transport.ts';

export interface DisconnectDeps {
  channels: Collection<ChannelDoc>;
  clock: Clock;
  events: Events;
  transport: Pick<Transport, 'forget'>;
  command(channelId: string, request: CommandRequest, deadlineMs: number): Promise<CommandAnswer | null>;
}

const DEADLINE_MS = 40_000;

/**
 * `/status` says disconnected before this resolves. With `force` the device is unlinked on WhatsApp's side where its
 * session can be reached; the stored login is deleted on every path.
 */
export async function disconnectChannel(memberId: string, force: boolean, deps: DisconnectDeps): Promise<void> {
  const _id = channelIdOf(memberId);
  const channel = await deps.channels.findOne({ _id });
  if (!channel) return;
  const needsHost = channel.owner.instance !== null || (force && channel.hasLogin);
  if (needsHost) await deps.command(_id, { kind: 'disconnect', force }, DEADLINE_MS);
  if (force) await deps.transport.forget(_id);
  const now = deps.clock.now();
  await deps.channels.updateOne(
    { _id },
    {
      $set: {
        state: force ? 'inactive' : 'disconnected',
        stateReason: force ? 'reset' : 'disconnected_by_member',
        stateAt: now,
        sessionReadyAt: null,
        connectionFailureCount: 0,
        'attempts.count': 0,
        'attempts.endsAt': null,
        ...(force ? { hasLogin: false, phone: null, phoneHash: null, lid: null } : {}),
      },
    },
  );
  const data = { state: force ? 'inactive' : 'disconnected', reason: 'disconnected_by_member', sentence: null };
  await deps.events.publish(memberId, { type: 'state', data }, { keep: true });
}
