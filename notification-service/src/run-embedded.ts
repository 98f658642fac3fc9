import { join } from 'node:path';
import { wallNowMs } from './platform/clock.ts';
import type { Environment } from './platform/config.ts';
import type { EmbeddedLogger } from './platform/embedded-child.ts';
import { startEmbedded } from './platform/embedded.ts';
import { welcome } from './welcome.ts';

export interface EmbeddedRun {
  /** For `parseConfig`. */
  environment: Environment;
  /** Once the service answers: fills an empty service with something to look at, and says how to look at it. */
  welcome(apiUrl: string): Promise<void>;
  /** After the service has closed. */
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '..', '..');
const DAY_A_MINUTE = 24 * 60;

/**
 * The service on a machine of its own: stores, secrets and the simulated WhatsApp under `.data/` (or
 * `RELANCE_DATA_DIR`). With `--fast` among the arguments a day lasts a minute, in a folder that starts empty; with
 * `--transport=whatsapp-web` it speaks through WhatsApp Web, and with `--stand-in` through the simulated network's page
 * instead of the real one.
 */
export async function runEmbedded(options: {
  environment: Environment;
  args: readonly string[];
  logger: EmbeddedLogger;
}): Promise<EmbeddedRun> {
  const { args, logger } = options;
  const environment = withTransport(options.environment, args);
  const home = environment['RELANCE_DATA_DIR'] ?? join(ROOT, '.data');
  const fast = args.includes('--fast');
  const embedded = await startEmbedded({
    dataDir: fast ? join(home, 'fast') : home,
    environment: fast ? { ...environment, SIMULATED_CLOCK: calendarFromNow(DAY_A_MINUTE) } : environment,
    networkProgram: join(import.meta.dirname, '..', 'simulated-whatsapp', 'main.ts'),
    fresh: fast,
    standIn: args.includes('--stand-in'),
    logger,
  });
  return {
    environment: embedded.environment,
    welcome: apiUrl => welcome({ apiUrl, environment: embedded.environment, logger }),
    stop: embedded.stop,
  };
}

/** An argument wins over the environment. */
function withTransport(environment: Environment, args: readonly string[]): Environment {
  const chosen = args.find(arg => arg.startsWith('--transport='))?.slice('--transport='.length);
  return chosen === undefined ? environment : { ...environment, TRANSPORT: chosen };
}

function calendarFromNow(rate: number): string {
  const now = new Date(wallNowMs()).toISOString();
  return `origin=${now},start=${now},rate=${rate}`;
}
