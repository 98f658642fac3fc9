import { newChannel } from '../../notification-service/src/channels/index.ts';
import { createEnrollments } from '../../notification-service/src/enrollments/index.ts';
import type { EnrollmentDoc } from '../../notification-service/src/enrollments/index.ts';
import { newMember } from '../../notification-service/src/members/index.ts';
import { parseConfig } from '../../notification-service/src/platform/config.ts';
import { createPhoneHasher } from '../../notification-service/src/platform/crypto.ts';
import { channelIdOf } from '../../notification-service/src/platform/ids.ts';
import { createLogger } from '../../notification-service/src/platform/logger.ts';
import type { Db } from '../../notification-service/src/platform/mongo.ts';
import { closeRedis, openRedis } from '../../notification-service/src/platform/redis.ts';
import { pushedReferrals } from '../../notification-service/src/referrals/index.ts';
import type { ReferralDoc } from '../../notification-service/src/referrals/index.ts';
import { row, timedSideBySide } from './rows.ts';
import type { Row } from './rows.ts';
import { NOW } from './sample.ts';
import type { BenchStores } from './stores.ts';

const MEMBERS = 200;
const EACH = 500;
const SECRET = 'bench-secret-of-more-than-32-characters';

/** 100,000 referrals from the source to their enrollments, once and once more, beside the raw driver. */
export async function benchEnroll(stores: BenchStores): Promise<Row[]> {
  const { db } = await stores.open('enroll');
  await fill(db);
  const redis = openRedis(stores.redisUrl);
  const enrollments = await serviceOn(stores, db, redis);
  const raw = await rawTwin(stores, db);
  try {
    // Half of them first: what the memory has grown to by then is what it may stay at.
    const members = Array.from({ length: MEMBERS }, (_, m) => `member-${m}`);
    const halves = [members.slice(0, MEMBERS / 2), members.slice(MEMBERS / 2)] as const;
    const enroll = (half: readonly string[]) =>
      measured(() => timedSideBySide(half, 8, memberId => enrollments.enrollMember(memberId)));
    const begun = await enroll(halves[0]);
    await raw.follow(halves[0]);
    const rest = await enroll(halves[1]);
    await raw.follow(halves[1]);
    const enrolled = await db.collection('enrollments').countDocuments();
    const seconds = begun.seconds + rest.seconds;
    const writesBefore = await writesOf(db);
    const second = await measured(() => enrollments.enrollDue());
    const writes = (await writesOf(db)) - writesBefore;
    return [
      row(
        {
          name: `enrollment of ${enrolled} referrals`,
          value: enrolled / seconds,
          unit: 'rows/s',
          baseline: enrolled / raw.seconds(),
        },
        { atLeast: 0.5 },
      ),
      row(
        {
          name: 'enrollment: peak memory, beside that of its first half',
          value: rest.peakMb,
          unit: 'MB',
          baseline: begun.peakMb,
        },
        { atMost: 1.3 },
      ),
      row({ name: 'enrollment, second run: writes', value: writes, unit: 'documents' }, { exactly: 0 }),
      row(
        { name: 'enrollment, second run: time', value: second.seconds, unit: 's', baseline: seconds },
        { atMost: 1 },
      ),
    ];
  } finally {
    await closeRedis(redis);
  }
}

async function serviceOn(stores: BenchStores, db: Db, redis: ReturnType<typeof openRedis>) {
  return createEnrollments({
    config: parseConfig({
      ...{ JWT_SECRET: SECRET, SERVICE_SECRET: SECRET, WHATSAPP_SESSION_SECRET: SECRET },
      ...{ MONGODB_URI: stores.uriOf('enroll'), REDIS_URL: stores.redisUrl },
    }),
    ...{ db, redis },
    clock: { now: () => NOW, rate: 1 },
    logger: createLogger({ level: 'error' }),
    source: pushedReferrals(db),
    hashPhone: await createPhoneHasher({ db, secrets: [SECRET] }),
    wakeChannel: () => undefined,
    ended: () => undefined,
    recordAudit: () => Promise.resolve(),
  });
}

async function fill(db: Db): Promise<void> {
  const createdAt = new Date(NOW.getTime() - 24 * 60 * 60_000);
  for (let m = 0; m < MEMBERS; m++) {
    const memberId = `member-${m}`;
    await db
      .collection<{ _id: string }>('members')
      .insertOne(newMember({ _id: memberId, email: `${memberId}@example.org`, name: memberId, at: NOW }));
    await db.collection<{ _id: string }>('channels').insertOne({
      ...newChannel({ _id: channelIdOf(memberId), memberId, transport: 'simulator', at: NOW }),
      ...{ hasLogin: true, state: 'active' },
    });
    await db
      .collection<ReferralDoc>('referrals')
      .insertMany(Array.from({ length: EACH }, (_, i) => referralOf(memberId, m * EACH + i, createdAt)));
  }
}

const referralOf = (memberId: string, n: number, createdAt: Date): ReferralDoc => ({
  _id: `referral-${n}`,
  memberId,
  name: `Person ${n}`,
  email: null,
  phoneNumber: `336${String(10_000_000 + n)}`,
  country: 'FR',
  gender: null,
  profession: null,
  age: null,
  languages: ['fr'],
  activeSubscriptionTypes: [],
  createdAt,
  updatedAt: createdAt,
});

async function measured<R>(work: () => Promise<R>): Promise<{ value: R; seconds: number; peakMb: number }> {
  let peak = process.memoryUsage.rss();
  const look = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const started = performance.now();
  const value = await work();
  const seconds = (performance.now() - started) / 1000;
  clearInterval(look);
  return { value, seconds, peakMb: peak / 1024 / 1024 };
}

/** As the database counts them. */
async function writesOf(db: Db): Promise<number> {
  const { metrics } = (await db.admin().serverStatus()) as {
    metrics: { document: { inserted: number; updated: number; deleted: number } };
  };
  const { inserted, updated, deleted } = metrics.document;
  return inserted + updated + deleted;
}

/** The same documents into an empty collection with the same indexes, in thousands. */
async function rawTwin(stores: BenchStores, from: Db) {
  const { db } = await stores.open('enroll_raw');
  const raw = db.collection<EnrollmentDoc>('enrollments');
  let seconds = 0;
  return {
    /** In turns with the run itself, so that both meet the same noise. Only the inserts are timed. */
    async follow(memberIds: readonly string[]) {
      for (let at = 0; at < memberIds.length; at += 1_000 / EACH) {
        const memberId = { $in: memberIds.slice(at, at + 1_000 / EACH) };
        const docs = await from.collection<EnrollmentDoc>('enrollments').find({ memberId }).toArray();
        const started = performance.now();
        await raw.insertMany(docs, { ordered: false });
        seconds += (performance.now() - started) / 1000;
      }
    },
    seconds: () => seconds,
  };
}
