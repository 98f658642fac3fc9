import { join } from 'node:path';
import { createSealedLogins } from '../../notification-service/src/channels/index.ts';
import type { ChannelDoc, Session, SessionEvents } from '../../notification-service/src/channels/index.ts';
import type { EnrollmentDoc } from '../../notification-service/src/enrollments/index.ts';
import { wallNowMs } from '../../notification-service/src/platform/clock.ts';
import { startEmbeddedProgram } from '../../notification-service/src/platform/embedded-program.ts';
import { channelIdOf } from '../../notification-service/src/platform/ids.ts';
import type { Db } from '../../notification-service/src/platform/mongo.ts';
import { systemRandom } from '../../notification-service/src/platform/random.ts';
import { createSimulatorTransport } from '../../notification-service/src/transports/simulator/index.ts';
import { createCalls } from '../storm/calls.ts';
import type { Calls } from '../storm/calls.ts';
import { createServiceProcess } from '../storm/service-process.ts';
import type { ServiceProcess } from '../storm/service-process.ts';
import { JWT_SECRET, SERVICE_SECRET } from '../storm/stage.ts';
import { until } from '../storm/wait.ts';
import { percentile, row } from './rows.ts';
import type { Row } from './rows.ts';
import { fill, sampleChannel, sampleEnrollment } from './sample.ts';
import type { BenchStores } from './stores.ts';

const FEW = 10;
const MANY = 10_000;
/** The longest due have a login that the network knows; a process hosts 50 by default, so the others stay free. */
const LINKED = 60;
const TIMES = 3;
const SESSION_SECRET = 'bench-session-secret-'.repeat(3);
const MONTHS_AGO = '2025-06-01T00:00:00.000Z';
const NETWORK = join(import.meta.dirname, '../../notification-service/simulated-whatsapp/main.ts');

/** A process with every role starts while 10,000 channels are due: how long until WhatsApp has the first message? */
export async function benchRestart(stores: BenchStores): Promise<Row[]> {
  const network = stores.keep(
    await startEmbeddedProgram({
      name: 'simulated-whatsapp',
      path: NETWORK,
      args: ['--seed', '1'],
      ...{ preferredPort: 0, dir: stores.dir, logger: { ...console, info: () => undefined } },
    }),
  );
  try {
    const few = await restartOf(FEW, network.url, stores);
    const many = await restartOf(MANY, network.url, stores);
    const took = { few: [] as number[], many: [] as number[] };
    for (let n = 0; n < TIMES; n++) {
      took.few.push(await few());
      took.many.push(await many());
    }
    return [
      row(
        {
          name: 'restart: from process start to the first send, 10,000 due against 10',
          value: percentile(took.many, 0.5),
          unit: 's',
          baseline: percentile(took.few, 0.5),
        },
        { below: 5 },
      ),
    ];
  } finally {
    await network.stop();
  }
}

/** Seconds from the start of the process to its first message in the network's log. */
async function restartOf(
  due: number,
  networkUrl: string,
  stores: BenchStores,
): Promise<() => Promise<number>> {
  const name = `restart_${due}`;
  const { db } = await stores.open(name);
  await link(Math.min(due, LINKED), name, networkUrl, db);
  const service = createServiceProcess({
    name,
    environment: environment(stores, name, networkUrl),
    logFile: join(stores.dir, `${name}.log`),
  });
  await service.start();
  const calls = createCalls({ apiUrl: service.url(), networkUrl });
  await calls.admin('/messages', { dayNumber: 2, messageTemplate: { fr: 'Jour {{ day }}' }, mediaUrls: [] });
  await service.stop();
  return async () => {
    await makeDue(due, name, db);
    return firstSend(service, calls);
  };
}

async function firstSend(service: ServiceProcess, calls: Calls): Promise<number> {
  const sentSince = async (seq: number) =>
    ((await calls.control(`/log?after=${seq}`)) as { entries: { seq: number; at: string }[] }).entries;
  const before = (await sentSince(0)).at(-1)?.seq ?? 0;
  const startedMs = wallNowMs();
  try {
    await service.start();
    await until('a message goes out', 60_000, async () => (await sentSince(before)).length > 0);
    const [first] = await sentSince(before);
    return (Date.parse(first?.at ?? '') - startedMs) / 1_000;
  } finally {
    await service.stop();
  }
}

const memberOf = (name: string, n: number): string => `${name}-${n}`;

/** As a process that was stopped in order leaves them: nobody's, each with one message due, one second apart. */
async function makeDue(due: number, name: string, db: Db): Promise<void> {
  const now = new Date();
  const dueAt = (n: number): Date => new Date(now.getTime() - (due - n) * 1_000);
  await db.collection('channels').deleteMany({});
  await db.collection('enrollments').deleteMany({});
  await fill(db, 'channels', due, (n): ChannelDoc => {
    const memberId = memberOf(name, n);
    const channel = sampleChannel(n, true);
    const owner = { instance: null, epoch: 1 };
    return {
      ...channel,
      _id: channelIdOf(memberId),
      memberId,
      owner,
      sessionReadyAt: null,
      nextActionAt: dueAt(n),
    };
  });
  await fill(db, 'enrollments', due, (n): EnrollmentDoc => {
    const enrollment = sampleEnrollment(channelIdOf(memberOf(name, n)), n, dueAt(n));
    return { ...enrollment, unpaidSeenAt: now, chat: null };
  });
}

/** Each member's phone scans the code of their channel; the login is kept as the service would have kept it. */
async function link(count: number, name: string, networkUrl: string, db: Db): Promise<void> {
  const calls = createCalls({ apiUrl: '', networkUrl });
  const transport = createSimulatorTransport({
    url: networkUrl,
    loginStore: createSealedLogins(db, [SESSION_SECRET]),
    random: systemRandom,
    logger: console,
  });
  for (let n = 0; n < count; n++) {
    const phone = `336100${String(n).padStart(5, '0')}`;
    await calls.control('/numbers', { phone, registered: true, since: MONTHS_AGO });
    const session = await linked(phone, calls, on =>
      transport.open({ channelId: channelIdOf(memberOf(name, n)), expectLogin: false, on }),
    );
    await session.close();
  }
}

function linked(
  phone: string,
  calls: Calls,
  open: (on: SessionEvents) => Promise<Session>,
): Promise<Session> {
  return new Promise((resolve, reject) => {
    const session = open({
      qr: text => {
        const device = text.split(',').at(-1) ?? '';
        calls.control(`/links/${device}/scan`, { phone }).catch(reject);
      },
      linking: () => undefined,
      ready: () => resolve(session),
      away: () => undefined,
      closed: reason => reject(new Error(`${phone} was not linked: ${reason}`)),
      message: () => undefined,
      receipt: () => undefined,
    });
    session.catch(reject);
  });
}

const environment = (stores: BenchStores, name: string, networkUrl: string): Record<string, string> => ({
  ...{ HOST: '127.0.0.1', PORT: '0', RELANCE_WINDOW: '00:00-23:59' },
  ...{ MONGODB_URI: stores.uriOf(name), REDIS_URL: stores.redisUrl, REDIS_PREFIX: name },
  ...{ JWT_SECRET, SERVICE_SECRET, WHATSAPP_SESSION_SECRET: SESSION_SECRET },
  ...{ TRANSPORT: 'simulator', SIMULATED_WHATSAPP_URL: networkUrl },
});
