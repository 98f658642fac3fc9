import { startNetwork, type NetworkOptions } from '../simulated-whatsapp/start-network.ts';
import {
  createChannels,
  createSealedLogins,
  type ChannelDoc,
  type Channels,
  type ChannelsDeps,
  type ObservedMessage,
  type Receipt,
  type Transport,
} from '../src/channels/index.ts';
import type { Http } from '../src/http/server.ts';
import { createPhoneHasher } from '../src/platform/crypto.ts';
import { createEvents, type MemberEvent } from '../src/platform/events.ts';
import { channelIdOf } from '../src/platform/ids.ts';
import { createLogger } from '../src/platform/logger.ts';
import { createMetrics } from '../src/platform/metrics.ts';
import { seededRandom } from '../src/platform/random.ts';
import { createSimulatorTransport, type SimulatorLogin } from '../src/transports/simulator/index.ts';
import { manualClock, type ManualClock } from './manual-clock.ts';
import { ask, serveRoutes, testConfig } from './test-http.ts';
import { openTestStores, type TestStores } from './test-stores.ts';

export interface BedInstance {
  channels: Channels;
  http: Http;
  transport: Transport;
  /** Calls of the hooks, as they came. */
  told: string[];
  messages: { channelId: string; message: ObservedMessage }[];
  receipts: { channelId: string; receipt: Receipt }[];
  /** Leaves in order. */
  stop(): Promise<void>;
}

export interface BedOptions {
  environment?: Record<string, string>;
  deps?: Partial<ChannelsDeps>;
  /** Only HTTP: no sessions. */
  apiOnly?: boolean;
}

export interface ChannelBed {
  stores: TestStores;
  clock: ManualClock;
  networkUrl: string;
  instance(options?: BedOptions): Promise<BedInstance>;
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  channelOf(memberId: string): Promise<ChannelDoc>;
  /** Resolves with the channel once it is so. */
  until(memberId: string, is: (channel: ChannelDoc) => boolean, what: string): Promise<ChannelDoc>;
  /** Who waits for a scan, by the device's id in the QR. */
  waiting(): Promise<{ device: string; qr: string; pairingCode?: string }[]>;
  scan(phone: string): Promise<void>;
  /** Asks for a QR, scans it and waits for the connection. */
  link(instance: BedInstance, memberId: string, phone: string): Promise<ChannelDoc>;
  /** This member's events from now on, in order. */
  listen(memberId: string): Promise<MemberEvent[]>;
  close(): Promise<void>;
}

/** Real stores, a real simulated network, and as many instances of the hosting part as a test wants. */
export async function openChannelBed(networkOptions: NetworkOptions = {}): Promise<ChannelBed> {
  const stores = await openTestStores();
  await stores.buildIndexes();
  const network = await startNetwork({ linkMs: 10, ...networkOptions });
  const clock = manualClock('2026-03-02T10:00:00Z');
  const events = createEvents({ redis: stores.redis, prefix: stores.keyPrefix });
  const running = new Set<BedInstance>();
  const logger = createLogger({ level: 'error' });
  const docs = stores.db.collection<ChannelDoc>('channels');
  const secrets = ['w'.repeat(32)];
  const hasher = await createPhoneHasher({ db: stores.db, secrets });

  const bed: ChannelBed = {
    ...{ stores, clock, networkUrl: network.url },
    async instance({ environment = {}, deps = {}, apiOnly = false } = {}) {
      const told: string[] = [];
      const messages: BedInstance['messages'] = [];
      const receipts: BedInstance['receipts'] = [];
      const own = createEvents({ redis: stores.redis, prefix: stores.keyPrefix });
      const transport = createSimulatorTransport({
        url: network.url,
        loginStore: createSealedLogins<SimulatorLogin>(stores.db, secrets),
        random: seededRandom(3),
        logger: { warn: () => undefined },
        confirmAfterMs: 20,
        reconnectWithinMs: 2_000,
      });
      const config = testConfig(stores, {
        INSTANCE_HEARTBEAT_MS: '200',
        INSTANCE_DEAD_AFTER_MS: '5000',
        SIMULATED_WHATSAPP_URL: network.url,
        TRANSPORT: 'simulator',
        ...environment,
      });
      const channels = createChannels({
        ...{ db: stores.db, config, clock, logger, hasher, transport, events: own },
        metrics: createMetrics(),
        random: seededRandom(5),
        queuePlace: { redisUrl: stores.redisUrl, prefix: stores.keyPrefix },
        onMessage: (channelId, message) => Promise.resolve(void messages.push({ channelId, message })),
        onReceipt: (channelId, receipt) => Promise.resolve(void receipts.push({ channelId, receipt })),
        wakePump: () => void told.push('wakePump'),
        beginSending: id => void told.push(`beginSending ${id}`),
        endSending: () => Promise.resolve(void told.push('endSending')),
        needsHuman: (_channel, sentence) => void told.push(`needsHuman ${sentence}`),
        memberPhone: () => Promise.resolve(null),
        ...deps,
      });
      if (!apiOnly) await channels.startHosting();
      const instance: BedInstance = {
        ...{ channels, transport, told, messages, receipts },
        http: serveRoutes(stores, channels.routes),
        async stop() {
          if (!running.delete(instance)) return;
          await channels.stopHosting();
          await own.close();
        },
      };
      running.add(instance);
      return instance;
    },
    async control(method, path, body) {
      const response = await fetch(new URL(path, network.url), {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
      });
      const value: unknown = await response.json();
      if (!response.ok) throw new Error(`${response.status}: ${JSON.stringify(value)}`);
      return value;
    },
    async channelOf(memberId) {
      const found = await docs.findOne({ _id: channelIdOf(memberId) });
      if (!found) throw new Error('There is no such channel.');
      return found;
    },
    async until(memberId, is, what) {
      for (let tries = 0; tries < 400; tries += 1) {
        const channel = await docs.findOne({ _id: channelIdOf(memberId) });
        if (channel && is(channel)) return channel;
        await new Promise(resolve => setTimeout(resolve, 25));
      }
      throw new Error(
        `The channel of ${memberId} was not ${what}: ${JSON.stringify(await docs.findOne({ _id: channelIdOf(memberId) }))}`,
      );
    },
    waiting: () => bed.control('GET', '/control/links') as ReturnType<ChannelBed['waiting']>,
    async scan(phone) {
      const [link] = await bed.waiting();
      if (!link) throw new Error('Nobody waits for a scan.');
      await bed.control('POST', `/control/links/${link.device}/scan`, { phone });
    },
    async link(instance, memberId, phone) {
      await ask(instance.http, memberId).post('/connect').expect(200);
      await bed.scan(phone);
      return bed.until(memberId, channel => channel.sessionReadyAt !== null, 'connected');
    },
    async listen(memberId) {
      const seen: MemberEvent[] = [];
      await events.subscribe(memberId, { onEvent: event => void seen.push(event) });
      return seen;
    },
    async close() {
      await Promise.all([...running].map(one => one.stop()));
      await events.close();
      await network.close();
      await stores.close();
    },
  };
  return bed;
}
