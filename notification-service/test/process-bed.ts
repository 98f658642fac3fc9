import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCalls } from '../../scripts/storm/calls.ts';
import type { Calls } from '../../scripts/storm/calls.ts';
import { createServiceProcess } from '../../scripts/storm/service-process.ts';
import type { ServiceProcess } from '../../scripts/storm/service-process.ts';
import { JWT_SECRET, SERVICE_SECRET } from '../../scripts/storm/stage.ts';
import { simulatedClock } from '../src/platform/clock.ts';
import type { Clock } from '../src/platform/clock.ts';
import { startEmbeddedProgram } from '../src/platform/embedded-program.ts';
import { openTestStores } from './test-stores.ts';
import type { TestStores } from './test-stores.ts';

const NETWORK = join(import.meta.dirname, '..', 'simulated-whatsapp', 'main.ts');
const quiet = { info: () => undefined, warn: () => undefined, error: console.error };

/** The service as its roles, each a process of its own, over the same stores and one simulated network, also a process. */
export interface ProcessBed {
  stores: TestStores;
  clock: Clock;
  calls: Calls;
  /** Where the `api` process listens. */
  apiUrl: string;
  networkUrl: string;
  processes: Record<'api' | 'scheduler' | 'sender1' | 'sender2', ServiceProcess>;
  /** The real instant (epoch milliseconds) of an instant of the calendar. */
  realMsOf(calendarAt: Date): number;
  close(): Promise<void>;
}

/** `rate`: calendar milliseconds per real one, from `start` on. */
export async function openProcessBed(options: {
  rate: number;
  start: string;
  environment: Record<string, string>;
}): Promise<ProcessBed> {
  const undo: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    const stores = await openTestStores();
    undo.push(stores.close);
    const dir = await mkdtemp(join(tmpdir(), 'relance-processes-'));
    undo.push(() => rm(dir, { recursive: true, force: true }));
    const [originMs, startMs] = [Date.now(), Date.parse(options.start)];
    const calendar = `origin=${new Date(originMs).toISOString()},start=${options.start},rate=${options.rate}`;
    const network = await startEmbeddedProgram({
      name: 'simulated-whatsapp',
      path: NETWORK,
      args: ['--seed', '7', '--calendar', calendar],
      ...{ preferredPort: 0, dir, logger: quiet },
    });
    undo.push(network.stop);
    const common = {
      ...{
        HOST: '127.0.0.1',
        PORT: '0',
        JWT_SECRET,
        SERVICE_SECRET,
        WHATSAPP_SESSION_SECRET: 'w'.repeat(32),
      },
      ...{ MONGODB_URI: stores.mongoUri, REDIS_URL: stores.redisUrl, REDIS_PREFIX: stores.keyPrefix },
      ...{ TRANSPORT: 'simulator', SIMULATED_WHATSAPP_URL: network.url, SIMULATED_CLOCK: calendar },
      ...{ RATE_LIMIT_READS: '1000000', RATE_LIMIT_WRITES: '1000000' },
      ...options.environment,
    };
    const playing = (name: string, ROLES: string): ServiceProcess => {
      const one = createServiceProcess({
        name,
        environment: { ...common, ROLES },
        logFile: join(dir, `${name}.log`),
      });
      undo.push(one.stop);
      return one;
    };
    const processes = {
      api: playing('api', 'api'),
      scheduler: playing('scheduler', 'scheduler'),
      sender1: playing('sender-1', 'sender'),
      sender2: playing('sender-2', 'sender'),
    };
    await Promise.all(Object.values(processes).map(one => one.start()));
    const apiUrl = processes.api.url();
    return {
      ...{ stores, processes, apiUrl, networkUrl: network.url, close },
      calls: createCalls({ apiUrl, networkUrl: network.url }),
      clock: simulatedClock({ originMs, startMs, rate: options.rate }),
      realMsOf: at => originMs + (at.getTime() - startMs) / options.rate,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
