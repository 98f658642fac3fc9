import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulatedClock, wallNowMs } from '../../notification-service/src/platform/clock.ts';
import type { Clock } from '../../notification-service/src/platform/clock.ts';
import { findMongod } from '../../notification-service/src/platform/embedded-mongod-binary.ts';
import { startEmbeddedMongod } from '../../notification-service/src/platform/embedded-mongod.ts';
import type { EmbeddedMongod } from '../../notification-service/src/platform/embedded-mongod.ts';
import { startEmbeddedProgram } from '../../notification-service/src/platform/embedded-program.ts';
import { startEmbeddedRedis } from '../../notification-service/src/platform/embedded-redis.ts';
import { openMongo } from '../../notification-service/src/platform/mongo.ts';
import type { Db } from '../../notification-service/src/platform/mongo.ts';
import { closeRedis, openRedis } from '../../notification-service/src/platform/redis.ts';
import type { StormPlan } from './plan.ts';
import { createServiceProcess } from './service-process.ts';
import type { ServiceProcess } from './service-process.ts';

/** Everything of one storm: its own stores, its own network, and the processes that it is about. */
export interface Stage {
  dir: string;
  db: Db;
  clock: Clock;
  /** The real instant (epoch milliseconds) of an instant of the calendar. */
  realMsOf(calendarAt: Date): number;
  apiUrl: string;
  networkUrl: string;
  api: ServiceProcess;
  senders: readonly ServiceProcess[];
  flushRedis(): Promise<void>;
  restartMongod(): Promise<void>;
  close(): Promise<void>;
}

export const JWT_SECRET = 'storm-login-secret-'.repeat(3);
export const SERVICE_SECRET = 'storm-service-secret-'.repeat(3);
const SESSION_SECRET = 'storm-session-secret-'.repeat(3);
const START = '2026-03-02T00:05:00.000Z';
const NETWORK = join(
  import.meta.dirname,
  '..',
  '..',
  'notification-service',
  'simulated-whatsapp',
  'main.ts',
);

const quiet = { info: () => undefined, warn: () => undefined, error: console.error };

export async function openStage(plan: StormPlan): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'relance-storm-'));
  const undo: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    const mongod = await startEmbeddedMongod({
      dir,
      binary: await findMongod(process.env, quiet),
      logger: quiet,
    });
    undo.push(mongod.stop);
    const redis = await startEmbeddedRedis({ dir, logger: quiet });
    undo.push(redis.stop);
    const mongo = await openMongo(mongod.uri);
    undo.push(mongo.close);
    const client = openRedis(redis.url);
    undo.push(() => closeRedis(client));

    const originMs = wallNowMs();
    const startMs = Date.parse(START);
    const calendar = `origin=${new Date(originMs).toISOString()},start=${START},rate=${plan.rate}`;
    const network = await startEmbeddedProgram({
      name: 'simulated-whatsapp',
      path: NETWORK,
      args: ['--seed', String(plan.seed), '--calendar', calendar, '--log', join(dir, 'network.log')],
      ...{ preferredPort: 0, dir, logger: quiet },
    });
    undo.push(network.stop);
    const port = await freePort();
    const common = environment({ mongod, redisUrl: redis.url, networkUrl: network.url, calendar });
    const processNamed = (name: string, own: Record<string, string>): ServiceProcess => {
      const logFile = join(dir, `${name}.log`);
      const one = createServiceProcess({ name, environment: { ...common, ...own }, logFile });
      undo.push(one.stop);
      return one;
    };
    const api = processNamed('api', { ROLES: 'api,scheduler', PORT: String(port) });
    const senders = ['sender-1', 'sender-2'].map(name => processNamed(name, { ROLES: 'sender', PORT: '0' }));
    await Promise.all([api.start(), ...senders.map(sender => sender.start())]);
    return {
      ...{ dir, db: mongo.db, api, senders, networkUrl: network.url },
      clock: simulatedClock({ originMs, startMs, rate: plan.rate }),
      realMsOf: at => originMs + (at.getTime() - startMs) / plan.rate,
      apiUrl: `http://127.0.0.1:${port}`,
      flushRedis: async () => {
        await client.flushall();
      },
      restartMongod: mongod.restart,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Removes what a storm has left, unless something has to be looked into. */
export const forgetStage = ({ dir }: Stage): Promise<void> => rm(dir, { recursive: true, force: true });

/**
 * Leases are short, so that a minute sees many takeovers. The window is open around the clock and the gaps are long:
 * messages are spread over the day, and at any moment some turn is under way.
 */
const environment = (where: {
  mongod: EmbeddedMongod;
  redisUrl: string;
  networkUrl: string;
  calendar: string;
}): Record<string, string> => ({
  HOST: '127.0.0.1',
  MONGODB_URI: where.mongod.uri,
  REDIS_URL: where.redisUrl,
  TRANSPORT: 'simulator',
  SIMULATED_WHATSAPP_URL: where.networkUrl,
  SIMULATED_CLOCK: where.calendar,
  ...{ JWT_SECRET, SERVICE_SECRET, WHATSAPP_SESSION_SECRET: SESSION_SECRET },
  INSTANCE_HEARTBEAT_MS: '300',
  INSTANCE_DEAD_AFTER_MS: String(DEAD_AFTER_MS),
  TURN_MAX_MS: '4000',
  RELANCE_WINDOW: '00:00-23:59',
  RELANCE_MESSAGE_DELAY_MS: String(15 * 60_000),
  RELANCE_MESSAGE_JITTER_MS: String(20 * 60_000),
  RELANCE_ENROLLMENT_DELAY_MINUTES: '0',
  RELANCE_ENROLLMENT_CRON: '0 */6 * * *',
  RELANCE_PAYMENT_FRESHNESS_MINUTES: String(3 * 24 * 60),
  RELANCE_MAX_SHIFT_DAYS: '60',
  RATE_LIMIT_READS: '1000000',
  RATE_LIMIT_WRITES: '1000000',
});

/** A process that is silent for so long loses its channels. */
export const DEAD_AFTER_MS = 2_000;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
