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
  instances: Instances;
  events: Events;
  send: SendCommand;
}

const TAKEN_WITHIN_MS = 3_000;

/** Asks the channel's host, or an instance with room when it has none, and waits for the answer. Null: the deadline. */
export async function issueCommand(
  channelId: string,
  request: CommandRequest,
  deadlineMs: number,
  deps: IssueDeps,
): Promise<CommandAnswer | null> {
  const { commands, events } = deps;
  const id = newId();
  let second: NodeJS.Timeout | null = null;
  const ask = async () => {
    await commands.updateOne(
      { _id: id },
      { $set: { channelId, request, takenBy: null }, $currentDate: { createdAt: true } },
      { upsert: true },
    );
    await deps.send(id, await aliveOwner(channelId, deps));
    // The owner may have died since: whoever has room may take it then.
    second = setTimeout(() => void passOn(id, channelId, deps), TAKEN_WITHIN_MS);
  };
  const answer = await events.awaitAnswer(id, deadlineMs, { ask });
  if (second) clearTimeout(second);
  // Nobody may do it once nobody waits for it.
  await commands.deleteOne({ _id: id });
  return answer.kind === 'timeout' ? null : (answer.payload as CommandAnswer);
}

async function aliveOwner(channelId: string, { channels, instances }: IssueDeps): Promise<string | null> {
  const channel = await channels.findOne({ _id: channelId }, { projection: { owner: 1 } });
  const owner = channel?.owner.instance ?? null;
  if (owner === null) return null;
  return (await instances.alive()).includes(owner) ? owner : null;
}

async function passOn(id: string, channelId: string, deps: IssueDeps): Promise<void> {
  const waiting = await deps.commands.findOne({ _id: id, takenBy: null });
  if (waiting && (await aliveOwner(channelId, deps)) === null) await deps.send(id, null);
}
