import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type InsightBed, NOW, openInsightBed } from '../../test/insight-bed.ts';
import type { PersonDoc } from '../enrollments/index.ts';

let bed: InsightBed;
beforeAll(async () => {
  bed = await openInsightBed();
});
afterAll(() => bed.close());
beforeEach(() => bed.empty());
const people = () => bed.db.collection<PersonDoc>('people');

it('keeps under both keys that somebody was followed up, once, and what was known before', async () => {
  const exitedAt = new Date('2025-03-01T10:00:00Z');
  const over = await bed.enroll('m1', 'r1', { status: 'ended', exitReason: 'replied', exitedAt });
  const running = await bed.enroll('m1', 'r2');
  await bed.enroll('m2', 'r3');
  await people().insertOne({ _id: 'p:h-r1', optedOutAt: exitedAt, updatedAt: exitedAt });

  await bed.insight.rememberSequences({ memberId: 'm1' });
  await bed.insight.rememberSequences({ memberId: 'm1' });

  const first = { campaignId: over.campaignId, endedAt: exitedAt, reason: 'replied' };
  const second = { campaignId: running.campaignId, endedAt: new Date(NOW), reason: 'manual' };
  expect(
    await people()
      .find({}, { projection: { updatedAt: 0 } })
      .sort({ _id: 1 })
      .toArray(),
  ).toEqual([
    { _id: 'p:h-r1', optedOutAt: exitedAt, followedUp: [first] },
    { _id: 'p:h-r2', followedUp: [second] },
    { _id: 'u:r1', followedUp: [first] },
    { _id: 'u:r2', followedUp: [second] },
  ]);
});
