/** A channel's turn: getting one due message out, once, and at a humane pace. */
import { z } from 'zod';
import type { ChannelDoc, Receipt, SessionHost } from '../channels/index.ts';
import type { Messages } from '../messages/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import { mongoDocStore } from '../platform/doc-store.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Db } from '../platform/mongo.ts';
import { createQueue } from '../platform/queue.ts';
import type { JobQueue, QueuePlace } from '../platform/queue.ts';
import { newToken } from '../platform/random.ts';
import type { Random } from '../platform/random.ts';
import type { Route } from '../http/route.ts';
import type { Calendar } from './calendar-port.ts';
import { createOutgoing } from './create-outgoing.ts';
import type { NewOutgoing } from './create-outgoing.ts';
import { machineNow, pauseOn, turnSettings } from './deps.ts';
import { deliveryRoutes } from './delivery-routes.ts';
import type { AuditEntry } from './delivery-routes.ts';
import { readSendingSwitch } from './emergency-stop.ts';
import type { SendingSwitch } from './emergency-stop.ts';
import { startLoop } from './loop.ts';
import type { Loop } from './loop.ts';
import type { BrakesOf } from './pace.ts';
import { pumpChannels } from './pump.ts';
import { recordReceipt, settleLate } from './record-receipt.ts';
import type { LateProof } from './record-receipt.ts';
import { reconcileUnknowns, recoverTurns, sweepChannels } from './recover.ts';
import { takeTurn } from './take-turn.ts';
import type { Attempt, TurnDeps } from './turn.ts';
import { wordsFor } from './words.ts';

export type { Calendar } from './calendar-port.ts';
export type { SendingSwitch } from './emergency-stop.ts';
export { outgoingModel } from './outgoing-model.ts';
export { channelGate, firstContactGate } from './pace.ts';
export type { BrakesOf, Gate, PaceSettings } from './pace.ts';
export { receiptModel } from './receipt-model.ts';
export type { ReceiptDoc } from './receipt-model.ts';
export { turnSettings } from './deps.ts';
export type { Attempt } from './turn.ts';

export interface DeliveryDeps {
  db: Db;
  config: Config;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: Metrics;
  calendar: Calendar;
  queuePlace: QueuePlace;
  host: SessionHost & { adopt(channelId: string, epoch: number): Promise<void> };
  /** Instances whose heartbeat is fresh, by the database's clock. */
  aliveInstances(): Promise<readonly string[]>;
  senderQueueName(instanceId: string): string;
  messages: Pick<Messages, 'renderDay' | 'loadMedia'>;
  brakesOf: BrakesOf;
  /** Told of every attempt, off the hot path. */
  attempted(attempt: Attempt): void;
  recordAudit(entry: AuditEntry): Promise<void>;
  /** Wakes the pump that hosts this channel, in whatever process it runs. */
  wakeChannel(channelId: string): void;
}

export interface Delivery {
  routes: Route[];
  /** This process is an instance from now on: its pump, recovery and reconcile run until `endSending`. */
  beginSending(instanceId: string): void;
  /** No new turn is taken; running ones end (bounded); the queue is removed. */
  endSending(): Promise<void>;
  wakePump(): void;
  /** Pumps and handles what is due, once, without a queue: for a run by hand. Resolves with how many turns were taken. */
  pumpOnce(): Promise<number>;
  recoverOnce(): Promise<number>;
  reconcileOnce(): Promise<void>;
  sweep(): Promise<number>;
  recordReceipt(channelId: string, receipt: Receipt): Promise<void>;
  /** WhatsApp has confirmed, after all, a row that stayed unknown. */
  settleLate(row: LateProof): Promise<void>;
  createOutgoing(message: NewOutgoing): Promise<boolean>;
  sendingSwitch(): Promise<SendingSwitch>;
}

const RECOVERY_LOOK_MS = 5_000;
const RECONCILE_LOOK_CALENDAR_MS = 60_000;
const jobSchema = z.object({ channelId: z.string() });

export function createDelivery(deps: DeliveryDeps): Delivery {
  const { db, config, clock, logger, host } = deps;
  const counted = countAttempts(deps);
  const turnDeps: TurnDeps = {
    store: mongoDocStore(db),
    clock,
    random: deps.random,
    calendar: deps.calendar,
    host,
    brakesOf: deps.brakesOf,
    settings: turnSettings(config),
    newToken,
    machineNow,
    pause: pauseOn(clock),
    words: (subject, context) => wordsFor(subject, context, deps.messages),
    attempted: counted,
  };
  const reconcileDeps = { ...turnDeps, db, whenAbsent: config.RELANCE_UNKNOWN_ABSENT };
  const recoveryDeps = {
    ...turnDeps,
    adopt: (channelId: string, epoch: number) => host.adopt(channelId, epoch),
    channels: db.collection<ChannelDoc>('channels'),
    turnMaxMs: config.TURN_MAX_MS,
    aliveInstances: deps.aliveInstances,
  };
  const sendingSwitch = () => readSendingSwitch(db, config.RELANCE_SENDING);
  const pumpDeps = {
    channels: db.collection<ChannelDoc>('channels'),
    host,
    clock,
    sendingIsOn: async () => (await sendingSwitch()).on,
  };
  let sender: Sender | null = null;

  return {
    routes: deliveryRoutes({
      db,
      reconcile: reconcileDeps,
      sendingSwitch,
      recordAudit: deps.recordAudit,
      wakeAll: () => deps.wakeChannel('*'),
    }),
    beginSending(instanceId) {
      const queue = senderQueue(instanceId, turnDeps, deps, () => sender?.pump.wake());
      const remind = (channelId: string, turnNumber: number) =>
        queue.add({ channelId }, { jobId: `${channelId}-${turnNumber}` });
      const reconcileMs = Math.max(500, RECONCILE_LOOK_CALENDAR_MS / clock.rate);
      sender = {
        queue,
        pump: startLoop('pump', () => pumpChannels({ ...pumpDeps, remind }), logger),
        recovery: startLoop(
          'recovery',
          () => recoverTurns(recoveryDeps).then(() => recoveryLookMs(config)),
          logger,
        ),
        reconcile: startLoop(
          'reconcile',
          () => reconcileUnknowns(reconcileDeps).then(() => reconcileMs),
          logger,
        ),
      };
    },
    async endSending() {
      const ending = sender;
      sender = null;
      if (!ending) return;
      await Promise.all([ending.pump.stop(), ending.recovery.stop(), ending.reconcile.stop()]);
      await ending.queue.close();
    },
    wakePump: () => sender?.pump.wake(),
    async pumpOnce() {
      const found: string[] = [];
      await pumpChannels({ ...pumpDeps, remind: channelId => Promise.resolve(void found.push(channelId)) });
      for (const channelId of found) await takeTurn(channelId, turnDeps);
      return found.length;
    },
    recoverOnce: () => recoverTurns(recoveryDeps),
    reconcileOnce: () => reconcileUnknowns(reconcileDeps),
    sweep: () => sweepChannels({ ...turnDeps, db }),
    recordReceipt: (channelId, receipt) => recordReceipt(channelId, receipt, reconcileDeps),
    settleLate: row => settleLate(row, turnDeps),
    createOutgoing: message => createOutgoing(message, { ...turnDeps, wakeChannel: deps.wakeChannel }),
    sendingSwitch,
  };
}

interface Sender {
  queue: JobQueue<z.output<typeof jobSchema>>;
  pump: Loop;
  recovery: Loop;
  reconcile: Loop;
}

const recoveryLookMs = (config: Config): number =>
  Math.min(RECOVERY_LOOK_MS, config.INSTANCE_DEAD_AFTER_MS / 2);

function senderQueue(instanceId: string, turnDeps: TurnDeps, deps: DeliveryDeps, ended: () => void) {
  return createQueue({
    ...deps.queuePlace,
    name: deps.senderQueueName(instanceId),
    sort: 'sender',
    schema: jobSchema,
    concurrency: deps.config.RELANCE_MAX_CONCURRENT_SESSIONS,
    limiter: {
      max: Math.ceil(deps.config.RELANCE_MAX_SENDS_PER_SECOND * turnDeps.clock.rate),
      durationMs: 1_000,
    },
    logger: deps.logger,
    metrics: deps.metrics,
    async handle({ channelId }) {
      await takeTurn(channelId, turnDeps);
      ended();
    },
  });
}

function countAttempts({ metrics, attempted }: DeliveryDeps): TurnDeps['attempted'] {
  const count = metrics.counter('relance_sends_total', 'Messages tried, by what became of them.');
  return attempt => {
    count({ outcome: attempt.outcome.kind });
    attempted(attempt);
  };
}
