import type { Logger } from '../platform/logger.ts';
import type { Collection } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import { claimFreeChannel } from './claims.ts';
import type { Instances } from './instances.ts';
import type { Host } from './session-host.ts';

export interface ClaimDeps {
  channels: Collection<ChannelDoc>;
  instances: Instances;
  host: Host;
  logger: Logger;
  /** The queue of an instance that is gone is deleted. */
  obliterateQueue(instanceId: string): Promise<void>;
}

/** Channels that want to be connected; the others wait for a human. */
const WANTED_STATES = ['active', 'warming', 'connecting'] as const;
/** Sessions are begun one after the other, so that a start does not take the machine down. */
const AT_ONCE = 2;

/**
 * Takes free channels (nobody's, or a dead instance's) as long as there is room. A channel with a turn is recovery's.
 * Returns how many were taken.
 */
export async function claimChannels(deps: ClaimDeps): Promise<number> {
  const { channels, instances, host } = deps;
  if (!host.isActing()) return 0;
  const dead = await instances.markDead();
  let taken = 0;
  while (host.hasRoom() && host.isActing()) {
    const free = await channels
      .find({
        hasLogin: true,
        state: { $in: [...WANTED_STATES] },
        turn: { $exists: false },
        'owner.instance': { $in: [null, ...dead] },
      })
      .sort({ nextActionAt: 1 })
      .limit(AT_ONCE)
      .toArray();
    if (free.length === 0) break;
    const held = await Promise.all(free.map(channel => claimOne(channel, deps)));
    taken += held.filter(Boolean).length;
  }
  await forgetDead(dead, deps);
  return taken;
}

async function claimOne(channel: ChannelDoc, { channels, host, logger }: ClaimDeps): Promise<boolean> {
  const write = claimFreeChannel({ channelId: channel._id, ...channel.owner }, host.instanceId);
  const { matchedCount } = await channels.updateOne(write.filter, write.update);
  if (matchedCount === 0) return false;
  logger.info('Took a channel.', { channelId: channel._id });
  await host.hold(channel, channel.owner.epoch + 1);
  return true;
}

/** Once nothing of theirs is left: what was in their queues only reminded of work that is found again. */
async function forgetDead(dead: readonly string[], { channels, instances, obliterateQueue }: ClaimDeps): Promise<void> {
  const done: string[] = [];
  for (const id of dead) {
    if ((await channels.countDocuments({ 'owner.instance': id }, { limit: 1 })) > 0) continue;
    await obliterateQueue(id);
    done.push(id);
  }
  if (done.length > 0) await instances.forget(done);
}

/** Whose epoch or owner has changed is not ours any more: its session is closed at once. */
export async function dropLostChannels({ channels, host }: Pick<ClaimDeps, 'channels' | 'host'>, held: readonly string[]): Promise<void> {
  if (held.length === 0) return;
  const owned = await channels
    .find({ _id: { $in: [...held] }, 'owner.instance': host.instanceId }, { projection: { owner: 1 } })
    .toArray();
  const epochs = new Map(owned.map(({ _id, owner }) => [_id, owner.epoch]));
  for (const channelId of held) {
    const hosted = host.hosted(channelId);
    if (hosted && epochs.get(channelId) !== hosted.epoch) await host.release(channelId);
  }
}
