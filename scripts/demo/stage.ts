import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  parseSimulatedCalendar,
  simulatedClock,
  wallNowMs,
} from '../../notification-service/src/platform/clock.ts';
import type { Clock } from '../../notification-service/src/platform/clock.ts';
import { openBenchStores } from '../bench/stores.ts';
import { createDoors } from './doors.ts';
import type { Doors } from './doors.ts';
import { startProgram } from './program.ts';
import type { Program } from './program.ts';

export interface Stage {
  doors: Doors;
  clock: Clock;
  /** Rejects when one of the programs ends. */
  died: Promise<never>;
  complaints(): string[];
  close(): Promise<void>;
}

/** Calendar milliseconds per real one: a day lasts 6.6 seconds. */
const RATE = 13_000;
/** Early enough that the member is connected before the first window opens, on Monday in Nairobi. */
const START = '2026-03-01T12:00:00.000Z';
const SERVICE = join(import.meta.dirname, '..', '..', 'notification-service');

/** Real stores, the simulated WhatsApp and the service, each a process, on one accelerated calendar. */
export async function openStage(): Promise<Stage> {
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closing.splice(0).reverse()) await one();
  };
  try {
    const stores = await openBenchStores();
    closing.push(() => stores.close());
    const calendar = `origin=${new Date(wallNowMs()).toISOString()},start=${START},rate=${RATE}`;
    const network = await startNetwork(calendar);
    closing.push(() => network.stop());
    const secret = () => randomBytes(32).toString('hex');
    const secrets = { jwt: secret(), service: secret() };
    const service = await startService({
      MONGODB_URI: stores.uriOf('demo'),
      REDIS_URL: stores.redisUrl,
      SIMULATED_WHATSAPP_URL: network.url,
      SIMULATED_CLOCK: calendar,
      JWT_SECRET: secrets.jwt,
      SERVICE_SECRET: secrets.service,
      WHATSAPP_SESSION_SECRET: secret(),
    });
    closing.push(() => service.stop());
    return {
      doors: createDoors({ apiUrl: service.url, networkUrl: network.url, secrets }),
      clock: clockOf(calendar),
      died: Promise.race([network.died, service.died]),
      complaints: () => [...network.complaints, ...service.complaints],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const startNetwork = (calendar: string): Promise<Program> =>
  startProgram({
    name: 'The simulated WhatsApp',
    args: [
      join(SERVICE, 'simulated-whatsapp', 'main.ts'),
      ...['--port', '0', '--seed', '1', '--calendar', calendar, '--read-share', '0.5'],
    ],
    environment: { PATH: process.env['PATH'] ?? '' },
    urlIn: line => line['listening'],
  });

/** Pace, warm-up, windows and opt-out are as shipped; only the limits on requests are out of the way. */
const startService = (environment: Record<string, string>): Promise<Program> =>
  startProgram({
    name: 'The service',
    args: [join(SERVICE, 'src', 'main.ts')],
    environment: {
      PATH: process.env['PATH'] ?? '',
      PORT: '0',
      HOST: '127.0.0.1',
      TRANSPORT: 'simulator',
      RELANCE_ENROLLMENT_CRON: '0 * * * *',
      RATE_LIMIT_READS: '100000',
      RATE_LIMIT_WRITES: '100000',
      ...environment,
    },
    urlIn: line => (line['message'] === 'The service is up.' ? line['url'] : undefined),
  });

function clockOf(text: string): Clock {
  const calendar = parseSimulatedCalendar(text);
  if (!calendar) throw new Error(`This is no calendar: ${text}`);
  return simulatedClock(calendar);
}
