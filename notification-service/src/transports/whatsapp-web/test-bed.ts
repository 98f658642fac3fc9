import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNetwork, type NetworkOptions } from '../../../simulated-whatsapp/start-network.ts';
import type { Session, SessionEvents, Transport } from '../../channels/transport.ts';
import { systemClock } from '../../platform/clock.ts';
import { openTestStores } from '../../../test/test-stores.ts';
import { createVault, createWhatsAppWebTransport, type Deadlines } from './index.ts';
import type { Vault } from './vault.ts';

/** What the tests' vault is wrapped with. */
export const SECRET = 's'.repeat(32);

type EventName = keyof SessionEvents;
export type Seen = { [K in EventName]: { name: K; args: Parameters<SessionEvents[K]> } }[EventName];

/** A session together with everything it has said, for tests. */
export interface Watched {
  session: Session;
  seen: Seen[];
  /** The n-th such event, there or still to come. */
  first: <K extends EventName>(name: K, count?: number) => Promise<Parameters<SessionEvents[K]>>;
}

export interface WebBed {
  network: Awaited<ReturnType<typeof startNetwork>>;
  dataDir: string;
  vault: Vault;
  mongoUri: string;
  /** Every warning that was logged. */
  warnings: Record<string, unknown>[];
  newTransport(
    deadlines?: Partial<Deadlines>,
    limits?: {
      maxSessions?: number;
      memory?: { budgetMb?: number; ceilingMb?: number };
      pinnedVersion?: { version: string; cacheDir: string } | null;
    },
  ): Transport;
  open(transport: Transport, channelId: string, expectLogin?: boolean): Promise<Watched>;
  /** Opens a channel and scans its QR with this phone. */
  link(transport: Transport, channelId: string, phone: string): Promise<Watched>;
  scan(phone: string): Promise<string>;
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  page(settings: Record<string, unknown>): Promise<unknown>;
  close(): Promise<void>;
}

/** Tests do not wait long for anything. */
const TEST_DEADLINES: Partial<Deadlines> = {
  startMs: 20_000,
  callMs: 5_000,
  sendConfirmMs: 2_500,
  watchMs: 150,
  stopMs: 5_000,
};

/** The network with its page, and a place for profiles: whatever is opened is closed at the end. */
export async function startWebBed(options: NetworkOptions = {}): Promise<WebBed> {
  const network = await startNetwork({ linkMs: 10, ...options });
  const stores = await openTestStores();
  const vault = createVault({ db: stores.db, secrets: [SECRET], logger: { warn: () => undefined } });
  const dataDir = await mkdtemp(join(tmpdir(), 'relance-web-'));
  const opened: Session[] = [];
  const warnings: Record<string, unknown>[] = [];
  const bed: WebBed = {
    network,
    ...{ dataDir, warnings, vault, mongoUri: stores.mongoUri },
    newTransport: (deadlines, { maxSessions = 2, memory = {}, pinnedVersion = null } = {}) =>
      createWhatsAppWebTransport({
        dataDir,
        browser: { executablePath: undefined, path: '/usr/bin', sandbox: undefined },
        simulatedWhatsAppUrl: network.url,
        pinnedVersion,
        vault,
        maxSessions,
        memory: { budgetMb: 2_000, ceilingMb: 1_000, ...memory },
        clock: systemClock,
        logger: {
          info: () => undefined,
          warn: (message, fields) => warnings.push({ message, ...fields }),
        },
        deadlines: { ...TEST_DEADLINES, ...deadlines },
      }),
    async open(transport, channelId, expectLogin = false) {
      const watched = watch();
      watched.session = await transport.open({ channelId, expectLogin, on: watched.on });
      opened.push(watched.session);
      return watched;
    },
    async link(transport, channelId, phone) {
      const watched = await bed.open(transport, channelId);
      await watched.first('qr');
      await bed.scan(phone);
      await watched.first('ready');
      return watched;
    },
    async scan(phone) {
      const [waiting] = (await bed.control('GET', '/control/links')) as { device: string }[];
      if (!waiting) throw new Error('Nobody waits to be scanned.');
      await bed.control('POST', `/control/links/${waiting.device}/scan`, { phone });
      return waiting.device;
    },
    page: settings => bed.control('POST', '/control/web-page', settings),
    async control(method, path, body) {
      const response = await fetch(new URL(path, network.url), {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const value: unknown = await response.json();
      if (!response.ok) throw new Error(`${response.status}: ${JSON.stringify(value)}`);
      return value;
    },
    async close() {
      await Promise.all(opened.map(session => session.close()));
      await network.close();
      await stores.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return bed;
}

function watch(): Watched & { on: SessionEvents } {
  const seen: Seen[] = [];
  const bell = new EventEmitter();
  bell.setMaxListeners(50);
  const note =
    <K extends EventName>(name: K) =>
    (...args: Parameters<SessionEvents[K]>): void => {
      seen.push({ name, args } as unknown as Seen);
      bell.emit('seen');
    };
  const names: EventName[] = ['qr', 'linking', 'ready', 'away', 'closed', 'message', 'receipt'];
  const on = Object.fromEntries(names.map(name => [name, note(name)])) as unknown as SessionEvents;
  return {
    on,
    seen,
    session: undefined as unknown as Session,
    async first(name, count = 1) {
      for (;;) {
        const found = seen.filter(event => event.name === name)[count - 1];
        if (found) return found.args as Parameters<SessionEvents[typeof name]>;
        await once(bell, 'seen');
      }
    },
  };
}
