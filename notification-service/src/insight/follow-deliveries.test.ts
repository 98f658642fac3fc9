import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type InsightBed, openInsightBed } from '../../test/insight-bed.ts';
import type { DeliveryDoc } from './delivery-model.ts';

let bed: InsightBed;
beforeAll(async () => {
  bed = await openInsightBed();
});
afterAll(() => bed.close());
beforeEach(async () => {
  await bed.empty();
  await bed.addMember('m1');
});
const deliveries = () => bed.db.collection<DeliveryDoc>('deliveries');
const all = () => deliveries().find().sort({ day: 1, part: 1 }).toArray();

it('copies each row once, whatever the number of runs', async () => {
  const { _id } = await bed.enroll('m1', 'r1');
  await bed.addRow(_id, { day: 1 });
  await bed.addRow(_id, { day: 1, part: 1 });
  await bed.addRow(_id, { day: 2, outcome: 'skipped', reason: 'no_message', messageId: null, text: null });
  expect(await bed.insight.followDeliveries()).toEqual({ rows: 3, receipts: 0 });
  const first = await all();
  expect(await bed.insight.followDeliveries()).toEqual({ rows: 0, receipts: 0 });
  expect(await all()).toEqual(first);
  expect(first).toMatchObject([
    { enrollmentId: _id, day: 1, part: 0, outcome: 'sent', text: 'Day 1', ack: 0, memberId: 'm1' },
    { day: 1, part: 1 },
    { day: 2, outcome: 'skipped', reason: 'no_message', receiptId: null },
  ]);
});

it('several followers at once leave one document a part', async () => {
  for (let i = 0; i < 30; i++) {
    const { _id } = await bed.enroll('m1', `r${i}`);
    await bed.addRow(_id, { day: 1 });
    await bed.addReceipt('m1', `M-${_id}-1-0`, 2);
  }
  await Promise.all([1, 2, 3, 4].map(() => bed.insight.followDeliveries()));
  expect(await deliveries().countDocuments()).toBe(30);
  expect(await deliveries().countDocuments({ ack: 2 })).toBe(30);
});

it('a receipt counts whether it comes before the row, with it, or long after', async () => {
  const { _id } = await bed.enroll('m1', 'r1');
  await bed.addReceipt('m1', `M-${_id}-1-0`, 3);
  await bed.insight.followDeliveries();
  await bed.addRow(_id, { day: 1 });
  await bed.addRow(_id, { day: 2 });
  await bed.insight.followDeliveries();
  expect((await all()).map(({ ack }) => ack)).toEqual([3, 0]);
  await bed.addReceipt('m1', `M-${_id}-2-0`, 2);
  await bed.insight.followDeliveries();
  expect((await all()).map(({ ack }) => ack)).toEqual([3, 2]);
  expect((await all())[1]?.deliveredAt).toEqual(bed.clock.now());
});

it('how far a message got only goes up', async () => {
  const { _id } = await bed.enroll('m1', 'r1');
  await bed.addRow(_id, { day: 1 });
  await bed.addReceipt('m1', `M-${_id}-1-0`, 3);
  await bed.insight.followDeliveries();
  await bed.receipts.updateOne({}, { $set: { ack: 1 }, $currentDate: { changedAt: true } });
  await bed.addRow(_id, { day: 1, text: 'changed' });
  await bed.insight.followDeliveries();
  expect(await all()).toMatchObject([{ ack: 3, text: 'changed' }]);
});

it('an unknown that is settled later is corrected', async () => {
  const { _id } = await bed.enroll('m1', 'r1');
  await bed.addRow(_id, { day: 1, outcome: 'unknown', reason: 'possibly_sent' });
  await bed.insight.followDeliveries();
  await bed.addRow(_id, { day: 1, outcome: 'sent', reason: 'late_receipt' });
  await bed.insight.followDeliveries();
  expect(await all()).toMatchObject([{ outcome: 'sent', reason: 'late_receipt' }]);
});

it.each([
  ['before the row', ['receipt', 'row', 'follow']],
  ['between row and follower', ['row', 'receipt', 'follow']],
  ['long after', ['row', 'follow', 'receipt', 'follow']],
])(
  'pitfall: statistics that lie: a late ack that comes %s settles what stayed unknown',
  async (_when, steps) => {
    const { _id } = await bed.enroll('m1', 'r1');
    for (const step of steps) {
      if (step === 'row') await bed.addRow(_id, { day: 1, outcome: 'unknown', reason: 'possibly_sent' });
      if (step === 'receipt') await bed.addReceipt('m1', `M-${_id}-1-0`, 1);
      if (step === 'follow') await bed.insight.followDeliveries();
    }
    expect((await bed.enrollments.findOne({ _id }))?.rows).toMatchObject({
      d1p0: { outcome: 'sent', reason: 'late_receipt' },
    });
    await bed.insight.followDeliveries();
    expect(await all()).toMatchObject([{ outcome: 'sent', ack: 1 }]);
  },
);

it('can be lost and rebuilt: the same documents come back', async () => {
  for (const name of ['a', 'b', 'c']) {
    const { _id } = await bed.enroll('m1', name);
    for (const day of [1, 2, 3]) await bed.addRow(_id, { day });
    await bed.addReceipt('m1', `M-${_id}-2-0`, 4);
  }
  await bed.insight.followDeliveries();
  const before = await deliveries().find().sort({ _id: 1 }).toArray();
  await deliveries().deleteMany({ day: { $gt: 1 } });
  expect(await bed.insight.rebuildDeliveries()).toEqual({ rows: 6, receipts: 0 });
  expect(await deliveries().find().sort({ _id: 1 }).toArray()).toEqual(before);
});

it('a write that becomes visible a little late is not passed over', async () => {
  const early = await bed.enroll('m1', 'early');
  const late = await bed.enroll('m1', 'late');
  await bed.addRow(early._id, { day: 1 });
  await bed.insight.followDeliveries();
  // Its time lies before what was read already.
  await bed.addRow(late._id, { day: 1 });
  const { rowsAt } = (await bed.enrollments.findOne({ _id: early._id }))!;
  await bed.enrollments.updateOne(
    { _id: late._id },
    { $set: { rowsAt: new Date(rowsAt!.getTime() - 2_000) } },
  );
  await bed.insight.followDeliveries();
  expect(await deliveries().countDocuments()).toBe(2);
});

it('tells the member what is new, once; a rebuild tells nothing', async () => {
  await bed.insight.followDeliveries();
  const { _id } = await bed.enroll('m1', 'r1');
  await bed.addRow(_id, { day: 1 });
  await bed.insight.followDeliveries();
  await bed.insight.followDeliveries();
  await bed.addReceipt('m1', `M-${_id}-1-0`, 2);
  await bed.insight.followDeliveries();
  const news = [
    { memberId: 'm1', type: 'delivery', data: { targetId: _id, day: 1, part: 0, status: 'sent' } },
    { memberId: 'm1', type: 'delivery', data: { targetId: _id, day: 1, part: 0, status: 'delivered' } },
  ];
  expect(bed.news).toEqual(news);
  await deliveries().deleteMany({});
  await bed.insight.rebuildDeliveries();
  expect(bed.news).toEqual(news);
});

it('reads only what has changed: by the index, not by how many are enrolled', async () => {
  for (let i = 0; i < 50; i++) await bed.enroll('m1', `idle${i}`);
  const { _id } = await bed.enroll('m1', 'r1');
  await bed.addRow(_id, { day: 1 });
  const plan = await bed.enrollments
    .find({ rowsAt: { $gte: new Date(0), $type: 'date' } })
    .sort({ rowsAt: 1 })
    .explain('executionStats');
  expect(plan['executionStats']).toMatchObject({ totalKeysExamined: 1, totalDocsExamined: 1 });
});
