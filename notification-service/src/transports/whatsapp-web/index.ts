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
import { removeProfile, takeProfile } from './profile.ts';
import { createSession } from './session.ts';
import { findStandIn } from './stand-in.ts';
import { createStartTurns } from './start-turns.ts';

export type { Deadlines } from './deadlines.ts';

export interface WhatsAppWebDeps {
  /** Where the profiles of awake sessions live, private to us. */
  dataDir: string;
  /** The configured browser, and where to look for one otherwise. */
  browser: { executablePath: string | undefined; path: string; sandbox: boolean | undefined };
  /** The simulated network whose stand-in page is loaded instead of WhatsApp's. Null: the real one. */
  simulatedWhatsAppUrl: string | null;
  pinnedVersion: { version: string; cacheDir: string } | null;
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
  let userAgent: Promise<string> | null = null;

  async function openSession(args: OpenSession): Promise<Session> {
    const { channelId } = args;
    userAgent ??= userAgentOf(executablePath);
    const agent = await userAgent.catch((error: unknown) => {
      userAgent = null;
      throw new TransportError('launch', 'The browser for WhatsApp Web cannot be run.', { cause: error });
    });
    const url = deps.simulatedWhatsAppUrl;
    const standIn = url === null ? null : await findStandIn(url);
    const profile = await takeProfile(dataDir, channelId);
    const core = startCore(
      {
        deadlines,
        clock,
        logger,
        startTurn,
        takenInUntil: new Date(clock.now().getTime() - LOOK_BACK_MS),
        clientOptions: {
          executablePath,
          args: browserArguments({ sandbox, standIn }),
          userAgent: agent,
          launchTimeoutMs: deadlines.launchMs,
          protocolTimeoutMs: Math.max(deadlines.callMs, deadlines.sendConfirmMs),
          authTimeoutMs: deadlines.authMs,
          pinnedVersion: deps.pinnedVersion,
        },
      },
      args,
      profile.dir,
      monotonicNowMs,
      async reason => {
        try {
          if (reason === 'unlinked') await profile.wipe();
          await profile.release();
        } finally {
          memory.remove(channelId);
          inUse.delete(channelId);
        }
      },
    );
    memory.add(channelId, core);
    const forget = (): Promise<void> => removeProfile(dataDir, channelId);
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
    forget: channelId => removeProfile(dataDir, channelId),
  };
}

/** The agent of the installed browser, asked once: `Chromium 146.0.7680.31 …`. */
async function userAgentOf(executablePath: string): Promise<string> {
  const { stdout } = await promisify(execFile)(executablePath, ['--version'], { timeout: 10_000 });
  const major = Number(/\b(\d+)\.\d+\.\d+/.exec(stdout)?.[1]);
  if (!Number.isInteger(major)) throw new Error('The browser does not say its version.');
  return userAgentFor(major);
}
