import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Collection, Document, Filter } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import { claimFreeChannel } from './claims.ts';
import type { Hosted } from './hosted.ts';
import type { Instances } from './instances.ts';
import { WANTED_STATES } from './session-host.ts';
import type { Host } from './session-host.ts';
import { GIVEN_UP_OWNER } from './session-writes.ts';

export interface OwnershipDeps {
  channels: Collection<ChannelDoc>;
  instances: Instances;
  host: Host;
  clock: Clock;
  logger: Logger;
  /** A session that is not needed can sleep: then only channels whose alarm comes soon are woken. */
  sleeps: boolean;
  /** The queues of an instance that is gone are deleted. */
  obliterateQueues(instanceId: string): Promise<void>;
}

/** Which channels this instance hosts: taken one compare-and-set each, given up the same way. */
export interface Ownership {
  /** Takes a channel that is free (or was held by somebody dead) and holds it; null when it is not. Single-flight. */
  take(channel: ChannelDoc): Promise<Hosted | null>;
  hasRoom(): boolean;
  /** Takes wanted free channels as long as there is room; returns how many. */
  takeFree(): Promise<number>;
  /** Closes the sessions of channels that are not ours any more. */
  dropLost(): Promise<void>;
  /** Nothing is ours any more, but what a running turn names: that is recovery's. */
  giveUpAll(): Promise<void>;
}

/** Sessions are begun a few at a time, so that a start does not take the machine down. */
const AT_ONCE = 3;
/** How early a sleeping session is woken before its alarm; calendar time. */
const WAKE_BEFORE_MS = 3 * 60_000;

export function createOwnership(deps: OwnershipDeps): Ownership {
  const { channels, instances, host, logger } = deps;
  const taking = new Map<string, Promise<Hosted | null>>();
  const hasRoom = () => host.freeSlots() > taking.size;

  async function takeNow(channel: ChannelDoc): Promise<Hosted | null> {
    const { instanceId } = host;
    const { owner } = channel;
    // A running turn of ours is ended under its own epoch.
    const isMine = owner.instance === instanceId && channel.turn !== undefined;
    const write = claimFreeChannel({ channelId: channel._id, ...owner }, instanceId);
    const claimed = isMine || (await channels.updateOne(write.filter, write.update)).matchedCount > 0;
    // A sleeper that wakes up here is somebody else by now.
    if (!claimed || host.instanceId !== instanceId || !host.isActing()) return null;
    logger.info('Took a channel.', { channelId: channel._id });
    return host.hold(channel, isMine ? owner.epoch : owner.epoch + 1);
  }

  function take(channel: ChannelDoc): Promise<Hosted | null> {
    const { _id } = channel;
    const present = taking.get(_id) ?? takeNow(channel).finally(() => taking.delete(_id));
    taking.set(_id, present);
    return present;
  }

  /** Wanted, without a turn, owned by nobody that lives; or ours, and its session was given up after an error. */
  async function findFree(): Promise<ChannelDoc[]> {
    const others = (await instances.alive()).filter(id => id !== host.instanceId);
    const soon = new Date(deps.clock.now().getTime() + WAKE_BEFORE_MS);
    const filter: Filter<ChannelDoc> = {
      'owner.instance': { $nin: others },
      state: { $in: [...WANTED_STATES, 'authenticating'] },
      $or: [{ hasLogin: true }, { state: 'authenticating' }],
      turn: { $exists: false },
      _id: { $nin: [...host.hostedIds(), ...taking.keys()] },
    };
    const withAlarm = { ...filter, nextActionAt: deps.sleeps ? { $lte: soon } : { $exists: true } };
    let found = await channels.find(withAlarm).sort({ nextActionAt: 1 }).limit(AT_ONCE).toArray();
    // Those that only listen come last, and do not come at all where a session may sleep.
    if (found.length === 0 && !deps.sleeps) found = await channels.find(filter).limit(AT_ONCE).toArray();
    // Asked again: an owner that was born after the first answer is not a dead one.
    const alive = await instances.alive();
    return found.filter(
      ({ owner: { instance } }) =>
        instance === null || instance === host.instanceId || !alive.includes(instance),
    );
  }

  /** Once nothing of theirs is left: what was in their queues only reminded of work that is found again. */
  async function forgetDead(): Promise<void> {
    for (const id of await instances.dead()) {
      const theirs = { 'owner.instance': id };
      const unwanted = {
        ...theirs,
        turn: { $exists: false },
        state: { $nin: [...WANTED_STATES, 'authenticating' as const] },
      };
      await channels.updateMany(unwanted, [{ $set: LEFT }]);
      if (await channels.findOne(theirs, { projection: { _id: 1 } })) continue;
      await deps.obliterateQueues(id);
      await instances.forget([id]);
    }
  }

  return {
    take,
    hasRoom,
    async takeFree() {
      let taken = 0;
      while (host.isActing() && hasRoom()) {
        const free = await findFree();
        const held = await Promise.all(free.map(take));
        const begun = held.filter(hosted => hosted !== null);
        await Promise.all(begun.map(({ opening }) => opening));
        taken += begun.length;
        if (begun.length === 0) break;
      }
      await forgetDead();
      return taken;
    },
    async dropLost() {
      const held = host.hostedIds();
      if (held.length === 0) return;
      const owned = await channels
        .find(
          { _id: { $in: held }, 'owner.instance': host.instanceId },
          { projection: { owner: 1, 'turn.token': 1 } },
        )
        .toArray();
      const ours = new Map(owned.map(channel => [channel._id, channel]));
      for (const channelId of held) {
        const hosted = host.hosted(channelId);
        const channel = ours.get(channelId);
        if (!hosted || channel?.owner.epoch === hosted.epoch) continue;
        // Our own recovery is at work on it: it says so by `adopt`.
        if (channel?.turn && channel.owner.epoch > hosted.epoch) continue;
        logger.warn('A channel is not ours any more; its session is closed.', { channelId });
        await host.release(channelId);
      }
    },
    async giveUpAll() {
      await channels.updateMany({ 'owner.instance': host.instanceId }, [{ $set: LEFT }]);
    },
  };
}

/** Without an owner; who was to scan a code has to ask for another one. */
const LEFT: Document = {
  'owner.instance': GIVEN_UP_OWNER,
  sessionReadyAt: null,
  state: { $cond: [{ $in: ['$state', ['initializing', 'qr_pending']] }, 'inactive', '$state'] },
};
