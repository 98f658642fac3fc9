/** A member's WhatsApp line: connecting it, who hosts it, keeping it alive, speaking and listening through it. */
import { z } from 'zod';
import type { Page } from '../http/server.ts';
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
import type { Random } from '../platform/random.ts';
import type { ChannelDoc } from './channel-model.ts';
import { channelRoutes } from './channel-routes.ts';
import { claimChannels, dropLostChannels } from './claim-channels.ts';
import type { CommandDoc } from './command-model.ts';
import { connectPages } from './connect-page.ts';
import { connectionNotes } from './connection-history.ts';
import { disconnectChannel } from './disconnect-channel.ts';
import { askForHelp, askForHelpAutomatically, deliverHelpRequests } from './help-requests.ts';
import type { HelpRequestDoc } from './help-requests.ts';
import type { InstanceDoc } from './instance-model.ts';
import { createInstances } from './instances.ts';
import { issueCommand } from './issue-command.ts';
import { createLifeline } from './lifeline.ts';
import type { MachineClocks } from './lifeline.ts';
import { runCommand } from './run-command.ts';
import { createSessionHost } from './session-host.ts';
import type { Host } from './session-host.ts';
import type { ObservedMessage, Receipt, Transport } from './transport.ts';

export * from './alarm.ts';
export { shownAttempts } from './attempts.ts';
export * from './channel-model.ts';
export * from './claims.ts';
export { connectionHistoryOf } from './connection-history.ts';
export { createSealedLogins } from './login-store.ts';
export * from './health.ts';
export * from './hosting.ts';
export { createMemberRoutes } from './member-channel-routes.ts';
export type { MemberRoutesDeps } from './member-channel-routes.ts';
export { whatsappStatusOf } from './status.ts';
export { asSettings, midnightOf, readAllStatuses } from './status-reader.ts';
export type { StatusDeps } from './status-reader.ts';
export { settingsShape } from './status-schemas.ts';
export * from './transport.ts';
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
  pages: Page[];
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

const jobSchema = z.object({ commandId: z.string() });
type CommandQueue = JobQueue<z.output<typeof jobSchema>>;
/** A session that shows a QR and that nobody asks for is closed after this long. Machine time. */
const UNASKED_MS = 60_000;
const CLAIM_LOOK_MS = 2_000;

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
    begin: instanceId => Promise.resolve(beginLife(instanceId)),
    lost: endLife,
  });
  const host = createSessionHost({
    channels,
    transport,
    clock,
    clocks,
    random: deps.random,
    logger,
    events,
    hasher: deps.hasher,
    note,
    maxSessions: config.RELANCE_MAX_CONCURRENT_SESSIONS,
    warmup: config.RELANCE_WARMUP,
    instanceId: () => lifeline.instanceId,
    isActing: lifeline.isActing,
    onMessage: deps.onMessage,
    onReceipt: deps.onReceipt,
    wakePump: deps.wakePump,
    needsHuman: deps.needsHuman,
  });
  const runDeps = { commands, channels, instances, events, host, transport, clock, clocks, note, logger };
  const claimDeps = {
    channels,
    instances,
    host,
    logger,
    obliterateQueue: async (instanceId: string) => {
      await obliterateQueue(queuePlace, senderQueueName(instanceId));
      await obliterateQueue(queuePlace, commandQueueName(instanceId));
    },
  };

  const queueFor = (instanceId: string | null, works: boolean): CommandQueue =>
    createQueue({
      ...queuePlace,
      name: commandQueueName(instanceId),
      sort: 'commands',
      schema: jobSchema,
      logger,
      metrics: deps.metrics,
      concurrency: 20,
      ...(works ? { handle: ({ commandId }) => runCommand(commandId, runDeps) } : {}),
    });

  /** Queues that this process only adds to; a dead instance's is closed when it is gone. */
  const senders = new Map<string | null, CommandQueue>();
  const sendCommand = async (commandId: string, instance: string | null) => {
    const queue = senders.get(instance) ?? queueFor(instance, false);
    senders.set(instance, queue);
    await queue.add({ commandId }, { jobId: commandId });
  };
  const command = (channelId: string, request: CommandDoc['request'], deadlineMs: number) =>
    issueCommand(channelId, request, deadlineMs, { commands, channels, instances, events, send: sendCommand });

  let working: CommandQueue[] = [];
  let looking: NodeJS.Timeout | null = null;
  let look: Promise<unknown> = Promise.resolve();
  let hosting = false;

  function beginLife(instanceId: string): void {
    working = [queueFor(instanceId, true), queueFor(null, true)];
    deps.beginSending(instanceId);
    hosting = true;
    scheduleLook(0);
  }

  async function endLife(): Promise<void> {
    hosting = false;
    if (looking) clearTimeout(looking);
    await host.releaseAll();
    await deps.endSending();
    await Promise.all(working.map(queue => queue.close()));
    working = [];
    await look;
  }

  function scheduleLook(ms: number): void {
    looking = setTimeout(() => {
      look = lookAround()
        .catch((error: unknown) => logger.error('Channels could not be looked after.', { error }))
        .finally(() => {
          if (hosting) scheduleLook(CLAIM_LOOK_MS);
        });
    }, ms);
  }

  async function lookAround(): Promise<void> {
    const held = host.hostedIds();
    await dropLostChannels({ channels, host }, held);
    for (const channelId of held) await closeWhenUnasked(channelId);
    await claimChannels(claimDeps);
  }

  async function closeWhenUnasked(channelId: string): Promise<void> {
    const hosted = host.hosted(channelId);
    const idle = hosted?.qr && !hosted.scanBegun && hosted.serial === null;
    if (!idle || clocks.monotonicMs() - hosted.askedMs < UNASKED_MS) return;
    await host.release(channelId);
    await channels.updateOne(
      { _id: channelId, 'owner.instance': host.instanceId, 'owner.epoch': hosted.epoch },
      { $set: { 'owner.instance': null, state: 'inactive', stateReason: 'link_timeout', stateAt: clock.now() } },
    );
    await events.publish(hosted.memberId, { type: 'state', data: { state: 'inactive', reason: 'link_timeout', sentence: null } }, { keep: true });
  }

  const helpDeps = {
    requests: db.collection<HelpRequestDoc>('help_requests'),
    clock,
    logger,
    webhookUrl: config.HELP_WEBHOOK_URL,
    phoneOf: async (memberId: string) => {
      const channel = await channels.findOne({ memberId }, { projection: { attempts: 1 } });
      return channel?.attempts.typedPhone ?? deps.memberPhone(memberId);
    },
  };
  const connect = {
    channels,
    clock,
    rules: {
      qrSeconds: config.CONNECT_QR_SECONDS,
      maxAttempts: config.CONNECT_MAX_ATTEMPTS,
      cooldownMinutes: config.CONNECT_COOLDOWN_MINUTES,
    },
    transportKind: transport.kind,
    note,
    command,
    ensureMember: (actor: UserActor) =>
      ensureMember(actor, { members: db.collection<MemberDoc>('members'), clock }),
    askForHelp: (actor: UserActor, retryCount: number) => askForHelpAutomatically(actor, retryCount, helpDeps),
  };
  const disconnect = { channels, clock, events, transport, command };

  return {
    routes: channelRoutes({
      db,
      channels,
      clock,
      connect,
      disconnect,
      askForHelp: (actor, message, retryCount) => askForHelp(actor, message, retryCount, helpDeps),
    }),
    pages: connectPages(),
    host,
    aliveInstances: () => instances.alive(),
    startHosting: () => lifeline.start(),
    async stopHosting() {
      if (hosting) await endLife();
      await channels.updateMany(
        { 'owner.instance': lifeline.instanceId, turn: { $exists: false } },
        { $set: { 'owner.instance': null, sessionReadyAt: null } },
      );
      await claimDeps.obliterateQueue(lifeline.instanceId);
      await lifeline.stop();
      await Promise.all([...senders.values()].map(queue => queue.close()));
    },
    deliverHelpRequests: () => deliverHelpRequests(helpDeps),
    disconnect: (memberId, force) => disconnectChannel(memberId, force, disconnect),
  };
}
