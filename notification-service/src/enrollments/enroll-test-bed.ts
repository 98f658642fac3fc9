import { PassThrough } from 'node:stream';
import { manualClock } from '../../test/manual-clock.ts';
import type { ManualClock } from '../../test/manual-clock.ts';
import { startFakeUserService } from '../../test/fakes/user-service.ts';
import type { FakeUserService } from '../../test/fakes/user-service.ts';
import { openTestStores } from '../../test/test-stores.ts';
import type { TestStores } from '../../test/test-stores.ts';
import { newChannel } from '../channels/index.ts';
import type { ChannelDoc } from '../channels/index.ts';
import { newMember } from '../members/index.ts';
import type { MemberDoc } from '../members/index.ts';
import { createPhoneHasher } from '../platform/crypto.ts';
import type { PhoneHasher } from '../platform/crypto.ts';
import { mongoDocStore } from '../platform/doc-store.ts';
import { channelIdOf } from '../platform/ids.ts';
import { createLogger } from '../platform/logger.ts';
import { pushedReferrals, userService } from '../referrals/index.ts';
import { createCalendar, enrollmentModel, passedOverModel } from './index.ts';
import { enrollDue } from './enroll-due.ts';
import { enrollMember } from './enroll-member.ts';
import type { EnrollDeps } from './enroll-member.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';
import type { ExitResult } from './exit-steps.ts';

/** 10:00 in Paris on a Monday. */
export const START = '2026-05-04T08:00:00.000Z';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Enrollment on real stores, with a user service and a calendar that the test moves. */
export interface EnrollTestBed {
  stores: TestStores;
  users: FakeUserService;
  clock: ManualClock;
  deps: EnrollDeps;
  hashPhone: PhoneHasher;
  woken: string[];
  ended: ExitResult[];
  /** A connected member. */
  addMember(id: string, member?: Partial<MemberDoc>, channel?: Partial<ChannelDoc>): Promise<void>;
  changeMember(id: string, fields: Partial<MemberDoc>): Promise<void>;
  member(id: string): Promise<MemberDoc>;
  channel(memberId: string): Promise<ChannelDoc>;
  /** ISO, so long before now. */
  ago(ms: number): string;
  run(memberId?: string): ReturnType<typeof enrollMember>;
  runAll(): ReturnType<typeof enrollDue>;
  /** By referral user id: `active`, or the exit reason. */
  states(): Promise<Record<string, string>>;
  enrollment(referralUserId: string): Promise<EnrollmentDoc>;
  /** By referral user id. */
  passedOver(): Promise<Record<string, string>>;
  /** Everything that is stored, to see whether something was written. */
  snapshot(): Promise<string>;
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function openEnrollTestBed(config: Partial<EnrollDeps['config']> = {}): Promise<EnrollTestBed> {
  const stores = await openTestStores();
  const [enrollments, passedOver] = [
    stores.mongo.collection(enrollmentModel),
    stores.mongo.collection(passedOverModel),
  ];
  await stores.buildIndexes();
  const { db } = stores;
  const clock = manualClock(START);
  const hashPhone = await createPhoneHasher({ db, secrets: ['w'.repeat(32)] });
  const logger = createLogger({ level: 'error', stream: new PassThrough().resume() });
  let users = await startFakeUserService();
  const woken: string[] = [];
  const ended: ExitResult[] = [];
  const deps: EnrollDeps = {
    config: {
      RELANCE_ENROLLMENT_DELAY_MINUTES: 60,
      RELANCE_BACKLOG_DAYS: 7,
      RELANCE_REST_DAYS: 30,
      RELANCE_TIMEZONE: 'UTC',
      RELANCE_DEFAULT_LANGUAGE: 'fr',
      RELANCE_PAYMENT_FRESHNESS_MINUTES: 180,
      RELANCE_SUBSCRIPTION_GRACE_DAYS: 3,
      ...config,
    },
    ...{ db, clock, hashPhone },
    store: mongoDocStore(db),
    source: pushedReferrals(db),
    calendar: createCalendar({ window: { fromMinute: 480, toMinute: 1200 }, days: [1, 2, 3, 4, 5, 6, 7] }),
    wakeChannel: channelId => void woken.push(channelId),
    ended: result => void ended.push(result),
  };
  const askUsers = () => {
    const { url, secret } = users;
    const breaker = { failures: 1_000, restMs: 1 };
    deps.source = userService({ url, secret, logger, firstDelayMs: 1, timeoutMs: 500, breaker });
  };
  askUsers();
  const bed: EnrollTestBed = {
    ...{ stores, clock, deps, hashPhone, woken, ended },
    get users() {
      return users;
    },
    async addMember(id, member = {}, channel = {}) {
      const at = clock.now();
      await db.collection<MemberDoc>('members').insertOne({
        ...newMember({ _id: id, email: `${id}@example.org`, name: id, at }),
        ...member,
      });
      await db.collection<ChannelDoc>('channels').insertOne({
        ...newChannel({ _id: channelIdOf(id), memberId: id, transport: 'simulator', at }),
        ...{ hasLogin: true, state: 'active' },
        ...channel,
      });
    },
    async changeMember(id, fields) {
      await db.collection<MemberDoc>('members').updateOne({ _id: id }, { $set: fields });
    },
    member: id => found(db.collection<MemberDoc>('members').findOne({ _id: id })),
    channel: id => found(db.collection<ChannelDoc>('channels').findOne({ _id: channelIdOf(id) })),
    ago: ms => new Date(clock.now().getTime() - ms).toISOString(),
    run: (memberId = 'm') => enrollMember(memberId, deps),
    runAll: () => enrollDue({ ...deps, logger }),
    async states() {
      const docs = await db
        .collection<EnrollmentDoc>('enrollments')
        .find()
        .sort({ referralUserId: 1 })
        .toArray();
      return Object.fromEntries(docs.map(doc => [doc.referralUserId, doc.exitReason ?? doc.status]));
    },
    enrollment: referralUserId => found(enrollments.findOne({ referralUserId })),
    async passedOver() {
      const docs = await passedOver.find().sort({ referralUserId: 1 }).toArray();
      return Object.fromEntries(docs.map(doc => [doc.referralUserId, doc.reason]));
    },
    async snapshot() {
      const names = ['members', 'channels', 'enrollments', 'campaigns', 'people', 'passed_over'];
      const all = names.map(name => db.collection(name).find().sort({ _id: 1 }).toArray());
      return JSON.stringify(await Promise.all(all));
    },
    async reset() {
      const names = ['members', 'channels', 'enrollments', 'campaigns', 'people', 'passed_over', 'referrals'];
      await Promise.all(names.map(name => db.collection(name).deleteMany({})));
      await users.close();
      users = await startFakeUserService();
      askUsers();
      clock.set(START);
      woken.length = 0;
      ended.length = 0;
    },
    async close() {
      await users.close();
      await stores.close();
    },
  };
  return bed;
}

async function found<T>(read: Promise<T | null>): Promise<T> {
  const value = await read;
  if (value === null) throw new Error('Not found.');
  return value;
}
