import type { Clock } from '../platform/clock.ts';
import type { Events } from '../platform/events.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { Collection } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import type { CommandAnswer, CommandRequest } from './command-model.ts';
import type { NoteConnection } from './connection-history.ts';
import type { Transport } from './transport.ts';

export interface DisconnectDeps {
  channels: Collection<ChannelDoc>;
  clock: Clock;
  events: Events;
  note: NoteConnection;
  transport: Pick<Transport, 'forget'>;
  command(channelId: string, request: CommandRequest, deadlineMs: number): Promise<CommandAnswer | null>;
}

const DEADLINE_MS = 40_000;

/**
 * `/status` says disconnected before this resolves. With `force` the device is unlinked on WhatsApp's side where its
 * session can be reached; the stored login is deleted on every path.
 */
export async function disconnectChannel(
  memberId: string,
  force: boolean,
  deps: DisconnectDeps,
): Promise<void> {
  const channel = await deps.channels.findOne({ _id: channelIdOf(memberId) });
  if (!channel) return;
  const answer = await endSession(channel, force, deps);
  if (force) await deps.transport.forget(channel._id);
  await writeDisconnected(channel, force, deps);
  const isConfirmed = answer?.kind === 'done' && answer.unlinked;
  await deps.note({
    channelId: channel._id,
    memberId,
    event: force ? 'reset' : 'disconnected',
    reason: force && channel.hasLogin && !isConfirmed ? 'not_confirmed_by_whatsapp' : null,
    at: deps.clock.now(),
  });
}

const endSession = (
  channel: ChannelDoc,
  force: boolean,
  deps: DisconnectDeps,
): Promise<CommandAnswer | null> => {
  const needsHost = channel.owner.instance !== null || (force && channel.hasLogin);
  return needsHost
    ? deps.command(channel._id, { kind: 'disconnect', force }, DEADLINE_MS)
    : Promise.resolve(null);
};

async function writeDisconnected(channel: ChannelDoc, force: boolean, deps: DisconnectDeps): Promise<void> {
  const state = force ? 'inactive' : 'disconnected';
  const reason = force ? 'reset' : 'disconnected_by_member';
  await deps.channels.updateOne(
    { _id: channel._id },
    {
      $set: {
        state,
        stateReason: reason,
        stateAt: deps.clock.now(),
        sessionReadyAt: null,
        // A host that did not answer finds out by the epoch, and closes the session.
        'owner.instance': null,
        connectionFailureCount: 0,
        'attempts.count': 0,
        'attempts.startedAt': null,
        'attempts.endsAt': null,
        ...(force ? { hasLogin: false, phone: null, phoneHash: null, lid: null } : {}),
      },
      $inc: { 'owner.epoch': 1 },
    },
  );
  await deps.events.publish(
    channel.memberId,
    { type: 'state', data: { state, reason, sentence: null } },
    { keep: true },
  );
}
