import { EventEmitter, once } from 'node:events';
import { startNetwork, type NetworkOptions } from '../../../simulated-whatsapp/start-network.ts';
import type { Session, SessionEvents, Transport } from '../../channels/transport.ts';
import { seededRandom } from '../../platform/random.ts';
import { createSimulatorTransport, type LoginStore, type SimulatorLogin } from './index.ts';
import type { SessionDeadlines } from './session.ts';

type EventName = keyof SessionEvents;
export type Seen = { [K in EventName]: { name: K; args: Parameters<SessionEvents[K]> } }[EventName];

/** A session together with everything it has said, for tests. */
export interface Watched {
  session: Session;
  seen: Seen[];
  /** The next such event, or the first one there was. */
  first: <K extends EventName>(name: K, count?: number) => Promise<Parameters<SessionEvents[K]>>;
}

export interface TestBed {
  network: Awaited<ReturnType<typeof startNetwork>>;
  logins: Map<string, SimulatorLogin>;
  loginStore: LoginStore;
  newTransport(deadlines?: Partial<SessionDeadlines>): Transport;
  open(transport: Transport, channelId: string, expectLogin?: boolean): Promise<Watched>;
  /** Opens a channel and scans its QR with this phone. */
  link(transport: Transport, channelId: string, phone: string): Promise<Watched>;
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export async function startTestBed(options: NetworkOptions = {}): Promise<TestBed> {
  const network = await startNetwork({ linkMs: 10, ...options });
  const logins = new Map<string, SimulatorLogin>();
  const opened: Session[] = [];
  const loginStore: LoginStore = {
    load: id => Promise.resolve(logins.get(id) ?? null),
    save: (id, login) => Promise.resolve(void logins.set(id, login)),
    remove: id => Promise.resolve(void logins.delete(id)),
  };
  const bed: TestBed = {
    network,
    logins,
    loginStore,
    newTransport: deadlines =>
      createSimulatorTransport({
        url: network.url,
        loginStore,
        random: seededRandom(7),
        logger: { warn: () => undefined },
        sendConfirmMs: 400,
        confirmAfterMs: 20,
        ...deadlines,
      }),
    async open(transport, channelId, expectLogin = logins.has(channelId)) {
      const watched = watch();
      watched.session = await transport.open({ channelId, expectLogin, on: watched.on });
      opened.push(watched.session);
      return watched;
    },
    async link(transport, channelId, phone) {
      const watched = await bed.open(transport, channelId);
      const [text] = await watched.first('qr');
      await bed.control('POST', `/control/links/${text.split(',').at(-1) ?? ''}/scan`, { phone });
      await watched.first('ready');
      return watched;
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
    async close() {
      await Promise.all(opened.map(session => session.close()));
      await network.close();
    },
  };
  return bed;
}

function watch(): Watched & { on: SessionEvents } {
  const seen: Seen[] = [];
  const bell = new EventEmitter();
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
