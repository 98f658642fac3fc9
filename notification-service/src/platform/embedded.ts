import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from './config.ts';
import type { EmbeddedLogger } from './embedded-child.ts';
import { endLeftover } from './embedded-leftover.ts';
import { takeLock } from './embedded-lock.ts';
import { findMongod } from './embedded-mongod-binary.ts';
import { startEmbeddedMongod } from './embedded-mongod.ts';
import { startEmbeddedProgram } from './embedded-program.ts';
import { startEmbeddedRedis } from './embedded-redis.ts';
import { keepSecrets } from './embedded-secrets.ts';

const SECRETS = ['JWT_SECRET', 'SERVICE_SECRET', 'WHATSAPP_SESSION_SECRET'] as const;
const NETWORK_PORT = 3003;

export interface Embedded {
  /** The given environment, completed with what was started and made here; for `parseConfig`. */
  environment: Environment;
  /** Stops the children, the last started first, and gives up the lock. */
  stop: () => Promise<void>;
}

/** Whether this environment asks for the embedded default: it names neither a MongoDB nor a Redis. */
export function isEmbedded(environment: Environment): boolean {
  return !environment['MONGODB_URI'] && !environment['REDIS_URL'];
}

/**
 * Everything the service needs on a machine of its own, as real child processes with their data under `dataDir`:
 * MongoDB, Redis and, outside production and unless another transport is chosen, the simulated WhatsApp network.
 * Throws `AlreadyRunningError` when another process holds `dataDir`; what had been started by then is stopped.
 */
export async function startEmbedded(options: {
  dataDir: string;
  environment: Environment;
  /** The program of the simulated network. */
  networkProgram: string;
  /** Run the simulated network for whatever transport is chosen. */
  standIn?: boolean;
  /** Forget what an earlier run has left in `dataDir`. */
  fresh?: boolean;
  logger: EmbeddedLogger;
}): Promise<Embedded> {
  const { dataDir: dir, environment, logger } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const undo: (() => unknown)[] = [takeLock(join(dir, 'lock'))];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    if (options.fresh) await forgetData(dir);
    const mongod = await startEmbeddedMongod({ dir, logger, binary: await findMongod(environment, logger) });
    undo.push(mongod.stop);
    const redis = await startEmbeddedRedis({ dir, logger });
    undo.push(redis.stop);
    const found: Record<string, string> = { MONGODB_URI: mongod.uri, REDIS_URL: redis.url };
    if (environment['NODE_ENV'] !== 'production')
      Object.assign(found, keepSecrets(join(dir, 'secrets'), SECRETS));
    if (wantsSimulatedNetwork(environment, options.standIn ?? false)) {
      const network = await startEmbeddedProgram({
        name: 'simulated-whatsapp',
        path: options.networkProgram,
        args: networkArguments(dir, environment),
        preferredPort: NETWORK_PORT,
        ...{ dir, logger },
      });
      undo.push(network.stop);
      Object.assign(found, { TRANSPORT: 'simulator', SIMULATED_WHATSAPP_URL: network.url });
    }
    return { environment: { ...found, ...withoutEmpty(environment), RELANCE_DATA_DIR: dir }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function forgetData(dir: string): Promise<void> {
  for (const pidFile of ['simulated-whatsapp.pid', 'redis.pid', 'mongod.pid'])
    await endLeftover(join(dir, pidFile));
  for (const data of ['mongod', 'redis', 'simulated-whatsapp.json']) {
    rmSync(join(dir, data), { recursive: true, force: true });
  }
}

function wantsSimulatedNetwork(environment: Environment, standIn: boolean): boolean {
  const transport = environment['TRANSPORT'] || 'simulator';
  const production = environment['NODE_ENV'] === 'production';
  return !production && (standIn || transport === 'simulator') && !environment['SIMULATED_WHATSAPP_URL'];
}

function networkArguments(dir: string, environment: Environment): string[] {
  const calendar = environment['SIMULATED_CLOCK'];
  return ['--state', join(dir, 'simulated-whatsapp.json'), ...(calendar ? ['--calendar', calendar] : [])];
}

/** An empty variable counts as none, as for the configuration. */
function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
}
