import { newDefaultCampaign } from '../src/campaigns/index.ts';
import type { CampaignDoc } from '../src/campaigns/index.ts';
import { brakesOf, newChannel } from '../src/channels/index.ts';
import type { ChannelDoc } from '../src/channels/index.ts';
import { turnSettings } from '../src/delivery/index.ts';
import type { ReceiptDoc } from '../src/delivery/index.ts';
import { settleLate } from '../src/delivery/record-receipt.ts';
import { rowKey } from '../src/enrollments/index.ts';
import { newEnrollment } from '../src/enrollments/new-enrollment.ts';
import type { EnrollmentDoc, Row } from '../src/enrollments/index.ts';
import { createInsight, type Insight } from '../src/insight/index.ts';
import type { MemberDoc } from '../src/members/index.ts';
import { newMember } from '../src/members/index.ts';
import { mongoDocStore } from '../src/platform/doc-store.ts';
import { channelIdOf } from '../src/platform/ids.ts';
import { manualClock } from './manual-clock.ts';
import { testConfig } from './test-http.ts';
import { openTestStores } from './test-stores.ts';

export const NOW = '2025-03-10T10:00:00.000Z';

export interface News {
  memberId: string;
  type: string;
  data: unknown;
}

/** Insight over real stores, with documents as turns, receipts and exits leave them. */
export async function openInsightBed() {
  const stores = await openTestStores();
  await stores.buildIndexes();
  const clock = manualClock(NOW);
  const news: News[] = [];
  const sending = { on: true, reason: null as string | null, by: null, at: null };
  const { pace, memberCapDefault } = turnSettings(testConfig(stores));
  const { db } = stores;
  const members = db.collection<MemberDoc>('members');
  const channels = db.collection<ChannelDoc>('channels');
  const enrollments = db.collection<EnrollmentDoc>('enrollments');
  const receipts = db.collection<ReceiptDoc>('receipts');
  const insight: Insight = createInsight({
    db,
    clock,
    events: { publish: (memberId, event) => Promise.resolve(void news.push({ memberId, ...event })) },
    platformZone: 'Europe/Paris',
    pace,
    memberCapDefault,
    brakesOf,
    statuses: {
      members,
      channels,
      clock,
      defaultZone: 'Europe/Paris',
      maxAttempts: 5,
      countSent: (memberId, since) => insight.countSent(memberId, since),
    },
    sendingSwitch: () => Promise.resolve(sending),
    settleLate: row => settleLate(row, { store: mongoDocStore(db) }),
    hashPhone: phone => `h-${phone}`,
    exit: () => Promise.resolve({ outcome: 'none', enrollments: 0, ended: [] }),
    leave: () => Promise.resolve(),
  });

  /** A member with a connected channel that is 60 days old. */
  async function addMember(memberId: string, set: Partial<ChannelDoc> = {}): Promise<void> {
    const at = new Date('2025-01-09T10:00:00Z');
    await members.insertOne(newMember({ _id: memberId, email: `${memberId}@example.org`, name: null, at }));
    await db.collection<CampaignDoc>('campaigns').insertOne(newDefaultCampaign(memberId, at));
    const made = newChannel({ _id: channelIdOf(memberId), memberId, transport: 'simulator', at });
    await channels.insertOne({
      ...{ ...made, state: 'active', hasLogin: true, linkedAt: at, phone: '33600000000' },
      ...set,
    });
  }

  async function enroll(memberId: string, referralUserId: string, set: Partial<EnrollmentDoc> = {}) {
    const at = new Date(NOW);
    const phone = `336${String(10_000_000 + ((hashOf(referralUserId) >>> 0) % 80_000_000))}`;
    const doc: EnrollmentDoc = {
      ...newEnrollment({
        campaign: newDefaultCampaign(memberId, at),
        referral: {
          ...{ id: referralUserId, memberId, name: `Name of ${referralUserId}`, email: null },
          ...{ phoneNumber: phone, country: 'FR', gender: null, profession: null, age: null },
          ...{ languages: ['fr'], activeSubscriptionTypes: [], createdAt: at },
        },
        ...{ phone, phoneHash: `h-${referralUserId}`, country: 'FR', language: 'fr' },
        ...{ zone: 'Europe/Paris', dueAt: at, now: at, unpaidSeenAt: at },
      }),
      ...set,
    };
    await enrollments.insertOne(doc);
    return doc;
  }

  /** Writes a row as the turn does: with the database's clock. */
  async function addRow(enrollmentId: string, row: Partial<Row> & Pick<Row, 'day'>): Promise<void> {
    const whole: Row = {
      ...{ part: 0, outcome: 'sent', at: clock.now(), reason: null, bodyHash: 'b', token: 't' },
      ...{ messageId: `M-${enrollmentId}-${row.day}-${row.part ?? 0}`, text: `Day ${row.day}` },
      ...row,
    };
    const [set, sent] = [{ [`rows.${rowKey(whole.day, whole.part)}`]: whole }, whole.outcome === 'sent'];
    await enrollments.updateOne(
      { _id: enrollmentId },
      { $set: { ...set, ...(sent ? { lastMessageSentAt: whole.at } : {}) }, $currentDate: { rowsAt: true } },
    );
  }

  async function addReceipt(
    memberId: string,
    messageId: string,
    ack: number,
    at = clock.now(),
  ): Promise<void> {
    const channelId = channelIdOf(memberId);
    const reached = {
      ...(ack >= 1 ? { sentAt: at } : {}),
      ...(ack >= 2 ? { deliveredAt: at } : {}),
      ...(ack >= 3 ? { readAt: at } : {}),
    };
    await receipts.updateOne(
      { _id: `${channelId}:${messageId}` },
      {
        $setOnInsert: { channelId, messageId },
        $max: { ack },
        $min: reached,
        $currentDate: { changedAt: true },
      },
      { upsert: true },
    );
  }

  /** Everything but the indexes. */
  async function empty(): Promise<void> {
    clock.set(NOW);
    Object.assign(sending, { on: true, reason: null });
    news.length = 0;
    for (const { collectionName } of await db.collections())
      await db.collection(collectionName).deleteMany({});
  }
  return {
    ...{ stores, db, clock, news, sending, insight, members, channels, enrollments, receipts },
    ...{ addMember, enroll, addRow, addReceipt, empty, close: (): Promise<void> => stores.close() },
  };
}
export type InsightBed = Awaited<ReturnType<typeof openInsightBed>>;

const hashOf = (text: string): number => Buffer.from(text).reduce((sum, byte) => (sum * 31 + byte) | 0, 7);
