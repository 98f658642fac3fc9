/** Speaks through WhatsApp Web in a headless Chromium of its own for each channel, by whatsapp-web.js. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { TransportError, type OpenSession, type Session, type Transport } from '../../channels/transport.ts';
import { monotonicNowMs, type Clock } from '../../platform/clock.ts';
import { browserArguments, userAgentFor } from './browser-arguments.ts';
import { startCore } from './core.ts';
import { DEFAULT_DEADLINES, type Deadlines } from './deadlines.ts';
import { findBrowser } from './find-browser.ts';
import { watchMemory } from './memory.ts';
import { createNumberCache } from './number-cache.ts';
import { createProfileKeeper } from './profile-keeper.ts';
import { createSession } from './session.ts';
import { findStandIn } from './stand-in.ts';
import { createStartTurns } from './start-turns.ts';
import type { Vault } from './vault.ts';

export type { Deadlines } from './deadlines.ts';
export { createVault } from './vault.ts';

export interface WhatsAppWebDeps {
  /** Where the profiles of awake sessions live, private to us. */
  dataDir: string;
  /** The configured browser, and where to look for one otherwise. */
  browser: { executablePath: string | undefined; path: string; sandbox: boolean | undefined };
  /** The simulated network whose stand-in page is loaded instead of WhatsApp's. Null: the real one. */
  simulatedWhatsAppUrl: string | null;
  pinnedVersion: { version: string; cacheDir: string } | null;
  /** Where logins sleep, encrypted. */
  vault: Vault;
  maxSessions: number;
  /** What all browsers together may take, and one of them before it is opened anew. */
  memory: { budgetMb: number; ceilingMb: number };
  clock: Clock;
  logger: {
    info(message: string, fields: Record<string, unknown>): unknown;
    warn(message: string, fields: Record<string, unknown>): unknown;
  };
  deadlines?: Partial<Deadlines>;
}

/** How far back a session looks for what came before it was opened, where nothing is known. Calendar time. */
const LOOK_BACK_MS = 48 * 3_600_000;

/** The `whatsapp-web` transport. Throws a TransportError when there is no browser. */
export function createWhatsAppWebTransport(deps: WhatsAppWebDeps): Transport {
  const { clock, logger, dataDir } = deps;
  const executablePath = findBrowser(deps.browser.executablePath, deps.browser.path);
  const standInLife = deps.simulatedWhatsAppUrl === null ? {} : { firstQrLifeMs: DEFAULT_DEADLINES.qrLifeMs };
  const deadlines = { ...DEFAULT_DEADLINES, ...standInLife, ...deps.deadlines };
  // Chromium refuses to run as root with its sandbox.
  const sandbox = deps.browser.sandbox ?? process.getuid?.() !== 0;
  const startTurn = createStartTurns(availableParallelism());
  const numbers = createNumberCache(clock);
  const memory = watchMemory(
    {
      budgetBytes: deps.memory.budgetMb * 2 ** 20,
      ceilingBytes: deps.memory.ceilingMb * 2 ** 20,
      measureMs: deadlines.measureMs,
    },
    logger,
  );
  const inUse = new Set<string>();
  const browserMajor = onceGood(() => browserMajorOf(executablePath));
  const keeper = createProfileKeeper({ dataDir, vault: deps.vault, browserMajor, logger });
  const swept = keeper.sweep();

  async function openSession(args: OpenSession): Promise<Session> {
    const { channelId, expectLogin } = args;
    const major = await browserMajor();
    const url = deps.simulatedWhatsAppUrl;
    const standIn = url === null ? null : await findStandIn(url);
    await swept;
    const profile = await keeper.take(channelId, expectLogin);
    const core = startCore(
      {
        deadlines,
        clock,
        logger,
        startTurn,
        takenInUntil: profile.takenInUntil ?? new Date(clock.now().getTime() - LOOK_BACK_MS),
        clientOptions: {
          executablePath,
          args: browserArguments({ sandbox, standIn }),
          userAgent: userAgentFor(major),
          launchTimeoutMs: deadlines.launchMs,
          protocolTimeoutMs: Math.max(deadlines.callMs, deadlines.sendConfirmMs),
          authTimeoutMs: deadlines.authMs,
          pinnedVersion: deps.pinnedVersion,
        },
      },
      args,
      profile.dir,
      monotonicNowMs,
      async left => {
        try {
          await profile.putAway(left);
        } finally {
          memory.remove(channelId);
          inUse.delete(channelId);
        }
      },
    );
    memory.add(channelId, core);
    const forget = (): Promise<void> => keeper.forget(channelId);
    return createSession({ core, channelId, deadlines, clock, numbers, logger, forget });
  }

  return {
    kind: 'whatsapp-web',
    sleeps: false,
    async open(args) {
      if (inUse.has(args.channelId)) {
        throw new TransportError('in_use', 'This channel has an open session already.');
      }
      if (inUse.size >= deps.maxSessions) {
        throw new TransportError('no_capacity', 'As many sessions are open as this machine is allowed.');
      }
      if (!memory.hasRoom()) {
        throw new TransportError('no_capacity', 'The memory that sessions may take is used up.');
      }
      inUse.add(args.channelId);
      try {
        return await openSession(args);
      } catch (error) {
        inUse.delete(args.channelId);
        throw error;
      }
    },
    forget: channelId => keeper.forget(channelId),
  };
}

/** The major version of the installed browser: `Chromium 146.0.7680.31 …`. Rejects with a TransportError. */
async function browserMajorOf(executablePath: string): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)(executablePath, ['--version'], { timeout: 10_000 });
    const major = Number(/\b(\d+)\.\d+\.\d+/.exec(stdout)?.[1]);
    if (Number.isInteger(major)) return major;
    throw new Error('The browser does not say its version.');
  } catch (error) {
    throw new TransportError('launch', 'The browser for WhatsApp Web cannot be run.', { cause: error });
  }
}

/** Asks once, and again only after a failure. */
function onceGood<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  return () =>
    (answer ??= ask().catch((error: unknown) => {
      answer = null;
      throw error;
    }));
}
