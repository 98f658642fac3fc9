import { afterAll, beforeAll, expect, it } from 'vitest';
import { openInsightBed } from '../../test/insight-bed.ts';
import type { InsightBed } from '../../test/insight-bed.ts';
import { EXIT_REASONS } from '../enrollments/index.ts';
import { seededRandom } from '../platform/random.ts';
import { campaignCounts } from './campaign-counts.ts';
import type { DeliveryDoc } from './delivery-model.ts';

let bed: InsightBed;
const CAMPAIGNS = ['a'.repeat(24), 'b'.repeat(24), 'c'.repeat(24)] as const;

beforeAll(async () => {
  bed = await openInsightBed();
  await bed.addMember('m1');
  const random = seededRandom(11);
  const one = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  for (let n = 0; n < 60; n += 1) {
    const exitReason = random() < 0.4 ? null : one(EXIT_REASONS);
    const campaignId = one(CAMPAIGNS.slice(0, 2));
    const status = exitReason === null ? ('active' as const) : ('ended' as const);
    const doc = await bed.enroll('m1', `r${n}`, { campaignId, campaignType: 'filtered', status, exitReason });
    for (let day = 1; day <= 1 + Math.floor(random() * 7); day += 1) {
      const outcome = one(['sent', 'sent', 'skipped', 'unknown'] as const);
      await bed.addRow(doc._id, { day, outcome });
      if (outcome === 'sent') await bed.addReceipt('m1', `M-${doc._id}-${day}-0`, one([-1, 1, 2, 3, 4]));
    }
  }
  await bed.insight.followDeliveries();
});
afterAll(() => bed.close());

it('agrees with a recount, one document after the other', async () => {
  const countsOf = await campaignCounts(CAMPAIGNS, bed.db);
  for (const campaignId of CAMPAIGNS) {
    const targets = await bed.enrollments.find({ campaignId }).toArray();
    const receipts = new Map((await bed.receipts.find().toArray()).map(doc => [doc.messageId, doc.ack]));
    const rows = targets.flatMap(({ rows: own }) => Object.values(own));
    const sent = rows.filter(({ outcome }) => outcome === 'sent');
    const reached = (ack: number) =>
      sent.filter(({ messageId }) => (receipts.get(messageId ?? '') ?? 0) >= ack).length;
    const ended = targets.filter(({ status }) => status === 'ended');
    const by = (reason: string) => ended.filter(({ exitReason }) => exitReason === reason).length;
    expect(countsOf(campaignId)).toEqual({
      targetsEnrolled: targets.length,
      targetsCompleted: by('completed_7_days'),
      targetsExited: ended.length - by('completed_7_days'),
      targetsReplied: by('replied'),
      messagesSent: sent.length,
      messagesDelivered: reached(2),
      messagesRead: reached(3),
      messagesFailed: rows.filter(({ outcome }) => outcome === 'skipped').length,
      successRate: ended.length === 0 ? 0 : Math.round((by('paid') / ended.length) * 10_000) / 100,
    });
  }
  expect(countsOf(CAMPAIGNS[0]).messagesSent).toBeGreaterThan(20);
});

it('is answered by indexes alone: no document is read', async () => {
  for (const [collection, fields] of [
    ['enrollments', { campaignId: 1, exitReason: 1, _id: 0 }],
    ['deliveries', { campaignId: 1, outcome: 1, ack: 1, _id: 0 }],
  ] as const) {
    const plan = await bed.db
      .collection<DeliveryDoc>(collection)
      .find({ campaignId: { $in: [...CAMPAIGNS] } }, { projection: fields })
      .explain('executionStats');
    const stats = plan['executionStats'] as { totalDocsExamined: number; totalKeysExamined: number };
    expect([collection, stats.totalDocsExamined]).toEqual([collection, 0]);
    expect(stats.totalKeysExamined).toBeGreaterThan(0);
  }
});
