/** A member's WhatsApp line: connecting it, who hosts it, keeping it alive, speaking and listening through it. */
import { z } from 'zod';
import type { Route, UserActor } from '../http/route.ts';
import { ensureMember } from '../members/index.ts';
import type { MemberDoc } from '../members/index.ts';
import { monotonicNowMs, wallNowMs } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import type { PhoneHasher } from '../platform/crypto.ts';
import type { Events } from '../platform/events.ts';
import { newId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Db } from '../platform/mongo.ts';
import { createQueue, obliterateQueue } from '../platform/queue.ts';
import type { JobQueue, QueuePlace } from '../platform/queue.ts';
import { createOutbox } from '../platform/outbox.ts';
import type { OutboxDoc } from '../platform/outbox.ts';
import type { Random } from '../platform/random.ts';
import type { ChannelDoc } from './channel-model.ts';
import { channelRoutes } from './channel-routes.ts';
import type { CommandDoc } from './command-model.ts';
import { connectionNotes } from './connection-history.ts';
import { disconnectChannel } from './disconnect-channel.ts';
import { askForHelp, askForHelpAutomatically, helpRequestModel } from './help-requests.ts';
import { createHostingLife } from './hosting-life.ts';
import type { Hosted } from './hosted.ts';
import type { InstanceDoc } from './instance-model.ts';
import { createInstances } from './instances.ts';
import { issueCommand } from './issue-command.ts';
import { createLifeline } from './lifeline.ts';
import type { MachineClocks } from './lifeline.ts';
import { createOwnership } from './ownership.ts';
import { runCommand } from './run-command.ts';
import { createSessionHost } from './session-host.ts';
import type { Host } from './session-host.ts';
import { GIVEN_UP_OWNER } from './session-writes.ts';
import type { ObservedMessage, Receipt, Transport } from './transport.ts';

export * from './alarm.ts';
export * from './channel-model.ts';
export * from './claims.ts';
export { commandModel } from './command-model.ts';
export { connectionHistoryModel } from './connection-history.ts';
export { sendOutcomeModel } from './health-attempts.ts';
export { helpRequestModel } from './help-requests.ts';
export { instanceModel } from './instance-model.ts';
export { channelLoginModel, createSealedLogins } from './login-store.ts';
export * from './health.ts';
export * from './hosting.ts';
export { createHealth } from './health-keeper.ts';
export { createMemberRoutes } from './member-channel-routes.ts';
export { whatsappStatusOf } from './status.ts';
export { asSettings, midnightOf, readAllStatuses } from './status-reader.ts';
export type { StatusDeps } from './status-reader.ts';
export { settingsShape } from './status-schemas.ts';
export * from './transport.ts';
export { warmupAllowance, warmupLevel } from './warm-up.ts';
export type { Host } from './session-host.ts';

export interface ChannelsDeps {
  db: Db;
  config: Config;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: Metrics;
  events: Events;
  hasher: PhoneHasher;
  transport: Transport;
  queuePlace: QueuePlace;
  clocks?: MachineClocks;
  onMessage(channelId: string, message: ObservedMessage): Promise<void>;
  onReceipt(channelId: string, receipt: Receipt): Promise<void>;
  wakePump(): void;
  /** This process is an instance under this id from now on. */
  beginSending(instanceId: string): void;
  endSending(): Promise<void>;
  needsHuman(channel: ChannelDoc, sentence: string): void;
  memberPhone(memberId: string): Promise<string | null>;
}

export interface Channels {
  routes: Route[];
  host: Host;
  aliveInstances(): Promise<string[]>;
  /** The `sender` role: heartbeat, sessions, commands. */
  startHosting(): Promise<void>;
  /** Owned channels are given up, sessions closed, the heartbeat removed. */
  stopHosting(): Promise<void>;
  deliverHelpRequests(): Promise<void>;
  disconnect(memberId: string, force: boolean): Promise<void>;
}

export const senderQueueName = (instanceId: string): string => `sender-${instanceId}`;
const commandQueueName = (instanceId: string | null): string =>
  instanceId === null ? 'commands' : `commands-${instanceId}`;

export function createChannels(deps: ChannelsDeps): Channels {
  const { db, config, clock, logger, events, transport, queuePlace } = deps;
  const channels = db.collection<ChannelDoc>('channels');
  const commands = db.collection<CommandDoc>('commands');
  const clocks = deps.clocks ?? { monotonicMs: monotonicNowMs, wallMs: wallNowMs };
  const instances = createInstances(db.collection<InstanceDoc>('instances'), config.INSTANCE_DEAD_AFTER_MS);
  const note = connectionNotes(db);

  const lifeline = createLifeline({
    instances,
    heartbeatMs: config.INSTANCE_HEARTBEAT_MS,
    deadAfterMs: config.INSTANCE_DEAD_AFTER_MS,
    clocks,
    newInstanceId: newId,
    logger,
    freeSlots: () => host.freeSlots(),
    begin: instanceId => life.begin(instanceId),
    lost: () => life.lose(),
  });
  const host = createSessionHost({
    ...{ channels, transport, clock, clocks, logger, events, note },
    random: deps.random,
    hasher: deps.hasher,
    maxSessions: config.RELANCE_MAX_CONCURRENT_SESSIONS,
    warmup: config.RELANCE_WARMUP,
    instanceId: () => lifeline.instanceId,
    isActing: () => lifeline.isActing(),
    onMessage: (channelId, message) => deps.onMessage(channelId, message),
    onReceipt: (channelId, receipt) => deps.onReceipt(channelId, receipt),
    wakePump: () => deps.wakePump(),
    needsHuman: (channel, sentence) => deps.needsHuman(channel, sentence),
  });
  const obliterateQueues = async (instanceId: string): Promise<void> => {
    await obliterateQueue(queuePlace, senderQueueName(instanceId));
    await obliterateQueue(queuePlace, commandQueueName(instanceId));
  };
  const ownership = createOwnership({
    ...{ channels, instances, host, clock, logger, obliterateQueues },
    sleeps: transport.sleeps,
  });
  const queues = commandQueues(deps, commandId => runCommand(commandId, runDeps));
  const sendCommand = (commandId: string, instance: string | null) => queues.send(commandId, instance);
  const runDeps = {
    ...{ commands, channels, instances, events, host, ownership, transport, clock, clocks, logger },
    send: sendCommand,
  };
  const life = createHostingLife({
    ...{ host, ownership, clocks, logger },
    workOnCommands: instanceId => [queues.work(instanceId), queues.work(null)],
    beginSending: instanceId => deps.beginSending(instanceId),
    endSending: () => deps.endSending(),
    endUnasked,
  });

  async function endUnasked(hosted: Hosted): Promise<void> {
    const { channelId, memberId, epoch } = hosted;
    await host.release(channelId);
    const state = 'inactive';
    const reason = 'link_timeout';
    const { matchedCount } = await channels.updateOne(
      { _id: channelId, 'owner.instance': host.instanceId, 'owner.epoch': epoch },
      [{ $set: { 'owner.instance': GIVEN_UP_OWNER, state, stateReason: reason, stateAt: clock.now() } }],
    );
    if (matchedCount === 0) return;
    await events.publish(
      memberId,
      { type: 'state', data: { state, reason, sentence: null } },
      { keep: true },
    );
  }

  const command = (channelId: string, request: CommandDoc['request'], deadlineMs: number) =>
    issueCommand(channelId, request, deadlineMs, {
      commands,
      channels,
      instances,
      events,
      send: sendCommand,
    });
  const requests = db.collection<OutboxDoc>(helpRequestModel.name);
  const webhookUrl = config.HELP_WEBHOOK_URL;
  const helpOutbox = createOutbox({ collection: requests, url: webhookUrl, clock, logger });
  const helpDeps = {
    ...{ requests, outbox: helpOutbox, clock, logger, webhookUrl },
    phoneOf: async (memberId: string) => {
      const channel = await channels.findOne({ memberId }, { projection: { attempts: 1 } });
      return channel?.attempts.typedPhone ?? deps.memberPhone(memberId);
    },
  };
  const connect = {
    ...{ channels, clock, note, command },
    rules: {
      qrSeconds: config.CONNECT_QR_SECONDS,
      maxAttempts: config.CONNECT_MAX_ATTEMPTS,
      cooldownMinutes: config.CONNECT_COOLDOWN_MINUTES,
    },
    transportKind: transport.kind,
    ensureMember: (actor: UserActor) =>
      ensureMember(actor, { members: db.collection<MemberDoc>('members'), clock }),
    askForHelp: (actor: UserActor, retryCount: number) =>
      askForHelpAutomatically(actor, retryCount, helpDeps),
  };
  const disconnect = { channels, clock, events, note, transport, command };

  return {
    routes: channelRoutes({
      ...{ db, channels, clock, connect, disconnect },
      askForHelp: (actor, message, retryCount) => askForHelp(actor, message, retryCount, helpDeps),
    }),
    host,
    aliveInstances: () => instances.alive(),
    startHosting: () => lifeline.start(),
    async stopHosting() {
      await lifeline.stop(async () => {
        await life.leave();
        await obliterateQueues(lifeline.instanceId);
      });
      await queues.close();
    },
    deliverHelpRequests: () => helpOutbox.deliverDue(),
    disconnect: (memberId, force) => disconnectChannel(memberId, force, disconnect),
  };
}

const jobSchema = z.object({ commandId: z.string() });
type CommandQueue = JobQueue<z.output<typeof jobSchema>>;
/** More queues than this are not kept open: instances come and go. */
const KEPT_SENDERS = 20;

/** Each instance's own queue of commands, and (null) the one that any with room takes from. */
function commandQueues(deps: ChannelsDeps, run: (commandId: string) => Promise<void>) {
  const open = (instanceId: string | null, works: boolean): CommandQueue =>
    createQueue({
      ...deps.queuePlace,
      name: commandQueueName(instanceId),
      sort: 'commands',
      schema: jobSchema,
      logger: deps.logger,
      metrics: deps.metrics,
      concurrency: 20,
      ...(works ? { handle: ({ commandId }) => run(commandId) } : {}),
    });
  /** Queues that this process only adds to, the longest unused first. */
  const senders = new Map<string | null, CommandQueue>();
  return {
    work: (instanceId: string | null) => open(instanceId, true),
    async send(commandId: string, instance: string | null): Promise<void> {
      const queue = senders.get(instance) ?? open(instance, false);
      senders.delete(instance);
      senders.set(instance, queue);
      for (const [name, unused] of senders) {
        if (senders.size <= KEPT_SENDERS) break;
        senders.delete(name);
        void unused.close();
      }
      await queue.add({ commandId }, { jobId: commandId });
    },
    async close(): Promise<void> {
      await Promise.all([...senders.values()].map(queue => queue.close()));
    },
  };
}
