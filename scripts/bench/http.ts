import { join } from 'node:path';
import { newPace } from '../../notification-service/src/channels/index.ts';
import type { ChannelDoc } from '../../notification-service/src/channels/index.ts';
import type { EnrollmentDoc } from '../../notification-service/src/enrollments/index.ts';
import { signToken } from '../../notification-service/src/http/authenticate.ts';
import { newMember } from '../../notification-service/src/members/index.ts';
import { startEmbeddedProgram } from '../../notification-service/src/platform/embedded-program.ts';
import { channelIdOf } from '../../notification-service/src/platform/ids.ts';
import type { Db } from '../../notification-service/src/platform/mongo.ts';
import { createServiceProcess } from '../storm/service-process.ts';
import { openLoop } from './open-loop.ts';
import type { Asked } from './open-loop.ts';
import { percentile, row } from './rows.ts';
import type { Row } from './rows.ts';
import { fill, sampleChannel, sampleEnrollment } from './sample.ts';
import type { BenchStores } from './stores.ts';

const SECRET = 'bench-secret-of-more-than-32-characters';
const SLICE_SECONDS = 2;
const SLICES = 12;
/** Until the compiler has seen enough of both. */
const WARM_SLICES = 6;

const ENROLLED = 10_000;
const EXITS_A_SECOND = 100;

/** Payments are reported at a constant rate; every one of them ends a running sequence. */
export async function benchExit(stores: BenchStores): Promise<Row[]> {
  const { db } = await stores.open('exit');
  const channelId = sampleChannel(1, true)._id;
  const enrollmentOf = (n: number): EnrollmentDoc => sampleEnrollment(channelId, n, new Date());
  await fill(db, 'enrollments', ENROLLED, enrollmentOf);
  const Authorization = `Bearer ${SECRET}`;
  const took = await sideBySide(stores, 'exit', EXITS_A_SECOND, ({ service, bare }) => {
    const asked = {
      method: 'POST' as const,
      headersOf: () => ({ Authorization }),
      bodyOf: (n: number) => ({ userId: enrollmentOf(n).referralUserId }),
    };
    return {
      service: { ...asked, url: `${service}/api/relance/internal/exit-user` },
      bare: { ...asked, url: `${bare}/upsert` },
    };
  });
  const asked = (SLICES + WARM_SLICES) * SLICE_SECONDS * EXITS_A_SECOND;
  const ended = await db.collection('enrollments').countDocuments({ status: 'ended', exitReason: 'paid' });
  if (ended !== asked) throw new Error(`${ended} sequences ended by ${asked} payments.`);
  const name = `exit-user at ${EXITS_A_SECOND}/s`;
  return [latencyRow(`${name}: p50`, took, 0.5, 4), latencyRow(`${name}: p99`, took, 0.99, 4)];
}

const MEMBERS = 1_000;
const STATUSES_A_SECOND = 200;

/** Pages ask for their status, each member now and then; half of them have sent something today. */
export async function benchStatus(stores: BenchStores): Promise<Row[]> {
  const { db } = await stores.open('status');
  await fillMembers(db);
  const tokens = Array.from({ length: MEMBERS }, (_, n) =>
    signToken({ userId: memberOf(n), email: `${memberOf(n)}@example.org`, role: 'member' }, SECRET),
  );
  const took = await sideBySide(stores, 'status', STATUSES_A_SECOND, ({ service, bare }) => {
    const headersOf = (n: number) => ({ Authorization: `Bearer ${tokens[n % MEMBERS] ?? ''}` });
    const asked = { method: 'GET' as const, headersOf };
    return {
      service: { ...asked, url: `${service}/api/relance/status` },
      bare: { ...asked, url: `${bare}/find-one/${memberOf(1)}` },
    };
  });
  return [latencyRow(`GET /status at ${STATUSES_A_SECOND}/s: p99`, took, 0.99, 2)];
}

const memberOf = (n: number): string => `member-${n}`;
const SENT_TODAY = 20;

async function fillMembers(db: Db): Promise<void> {
  const at = new Date();
  await fill(db, 'members', MEMBERS, n =>
    newMember({ _id: memberOf(n), email: `${memberOf(n)}@example.org`, name: memberOf(n), at }),
  );
  await fill(db, 'channels', MEMBERS, (n): ChannelDoc => {
    const sends = Array.from({ length: n % 2 === 0 ? SENT_TODAY : 0 }, () => ({
      ...{ at, campaignId: null, firstContact: false },
    }));
    const channel = { ...sampleChannel(n, false), _id: channelIdOf(memberOf(n)) };
    return { ...channel, pace: { ...newPace(), sends } };
  });
  await fill(db, 'deliveries', (MEMBERS / 2) * SENT_TODAY, n => ({
    ...{ _id: `delivery-${n}`, enrollmentId: `enrollment-${n}`, day: 1, part: 0 },
    ...{ memberId: memberOf(2 * Math.floor(n / SENT_TODAY)), outcome: 'sent', at },
  }));
}

/** How long each request took, by slice; in milliseconds. */
interface Took {
  service: number[][];
  bare: number[][];
}

/** Both at the same constant rate, some seconds the one, some seconds the other. */
async function sideBySide(
  stores: BenchStores,
  database: string,
  perSecond: number,
  askedOf: (urls: { service: string; bare: string }) => { service: Asked; bare: Asked },
): Promise<Took> {
  const service = createServiceProcess({
    name: `service for ${database}`,
    environment: environment(stores, database),
    logFile: join(stores.dir, `${database}.log`),
  });
  const bare = stores.keep(
    await startEmbeddedProgram({
      name: `bare-${database}`,
      path: join(import.meta.dirname, 'bare-server.ts'),
      args: ['--mongodb', stores.uriOf(`${database}_bare`)],
      ...{ preferredPort: 0, dir: stores.dir, logger: { ...console, info: () => undefined } },
    }),
  );
  try {
    await service.start();
    const asked = askedOf({ service: service.url(), bare: bare.url });
    const loops = { service: openLoop(asked.service), bare: openLoop(asked.bare) };
    const took: Took = { service: [], bare: [] };
    for (let slice = -WARM_SLICES; slice < SLICES; slice++) {
      for (const which of ['service', 'bare'] as const) {
        const each = await loops[which].slice(SLICE_SECONDS * perSecond, perSecond);
        if (slice >= 0) took[which].push(each);
      }
    }
    loops.service.close();
    loops.bare.close();
    return took;
  } finally {
    await Promise.all([service.stop(), bare.stop()]);
  }
}

const environment = (stores: BenchStores, database: string): Record<string, string> => ({
  ...{ HOST: '127.0.0.1', PORT: '0', ROLES: 'api' },
  ...{ MONGODB_URI: stores.uriOf(database), REDIS_URL: stores.redisUrl, REDIS_PREFIX: database },
  ...{ JWT_SECRET: SECRET, SERVICE_SECRET: SECRET, WHATSAPP_SESSION_SECRET: SECRET },
  // Nobody sends here: the network need not be there.
  ...{ TRANSPORT: 'simulator', SIMULATED_WHATSAPP_URL: 'http://127.0.0.1:9' },
});

/** The median of the slices' percentiles: a machine that stalls now and then spoils few of them. */
const latencyRow = (name: string, { service, bare }: Took, p: number, atMost: number): Row => {
  const typical = (slices: number[][]): number =>
    percentile(
      slices.map(slice => percentile(slice, p)),
      0.5,
    );
  return row({ name, value: typical(service), unit: 'ms', baseline: typical(bare) }, { atMost });
};
