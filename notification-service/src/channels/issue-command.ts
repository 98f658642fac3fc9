import { AppError } from '../platform/errors.ts';
import type { Events } from '../platform/events.ts';
import { newId } from '../platform/ids.ts';
import type { Collection } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import type { CommandAnswer, CommandDoc, CommandRequest } from './command-model.ts';
import type { Instances } from './instances.ts';

/** Puts the id of a command into the queue of an instance, or (null) into the one that any with room takes from. */
export type SendCommand = (commandId: string, instance: string | null) => Promise<void>;

export interface IssueDeps {
  commands: Collection<CommandDoc>;
  channels: Collection<ChannelDoc>;
  instances: Pick<Instances, 'alive'>;
  events: Pick<Events, 'awaitAnswer'>;
  send: SendCommand;
}

const TAKEN_WITHIN_MS = 3_000;
const SEND_AGAIN_MS = 1_000;

/**
 * Asks the channel's host, or an instance with room when it has none, and waits for the answer. Null: the deadline.
 * Throws `unavailable` when the command could not be sent.
 */
export async function issueCommand(
  channelId: string,
  request: CommandRequest,
  deadlineMs: number,
  deps: IssueDeps,
): Promise<CommandAnswer | null> {
  const { commands, events } = deps;
  const _id = newId();
  const timers = new Set<NodeJS.Timeout>();
  const ask = async () => {
    await commands.updateOne(
      { _id },
      { $set: { channelId, request, takenBy: null, passedOn: 0 }, $currentDate: { createdAt: true } },
      { upsert: true },
    );
    await deps.send(_id, await aliveOwner(channelId, deps));
    const look = () => void sendAgain(_id, channelId, deps).catch(() => undefined);
    timers.add(
      setTimeout(() => timers.add(setInterval(look, SEND_AGAIN_MS)), TAKEN_WITHIN_MS - SEND_AGAIN_MS),
    );
  };
  try {
    const answer = await events.awaitAnswer(_id, deadlineMs, { ask });
    return answer.kind === 'timeout' ? null : (answer.payload as CommandAnswer);
  } catch (cause) {
    throw new AppError('unavailable', 'This is not possible at the moment. Please try again.', {
      cause,
      retryAfterSeconds: 5,
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    // Nobody may do it once nobody waits for it.
    await commands.deleteOne({ _id }).catch(() => undefined);
  }
}

export async function aliveOwner(
  channelId: string,
  { channels, instances }: Pick<IssueDeps, 'channels' | 'instances'>,
): Promise<string | null> {
  const channel = await channels.findOne({ _id: channelId }, { projection: { owner: 1 } });
  const owner = channel?.owner.instance ?? null;
  if (owner === null) return null;
  return (await instances.alive()).includes(owner) ? owner : null;
}

/** Not taken yet: its owner may have died since, or Redis has lost it. A queue that still has it swallows a second one. */
async function sendAgain(_id: string, channelId: string, deps: IssueDeps): Promise<void> {
  const waiting = await deps.commands.findOne({ _id, takenBy: null }, { projection: { _id: 1 } });
  if (waiting) await deps.send(_id, await aliveOwner(channelId, deps));
}
