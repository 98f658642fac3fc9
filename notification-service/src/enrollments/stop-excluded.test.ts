import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type InsightBed, NOW, openInsightBed } from '../../test/insight-bed.ts';
import { mongoDocStore } from '../platform/doc-store.ts';
import { stopExcluded } from './stop-excluded.ts';

let bed: InsightBed;
beforeAll(async () => {
  bed = await openInsightBed();
});
afterAll(() => bed.close());
beforeEach(() => bed.empty());

const exclude = (memberId: string, who: { userId?: string; phoneHash?: string }) =>
  stopExcluded(
    { memberId, userId: who.userId ?? null, phoneHash: who.phoneHash ?? null, at: new Date(NOW) },
    { store: mongoDocStore(bed.db) },
  );
const endedOf = () => bed.enrollments.distinct('referralUserId', { status: 'ended', exitReason: 'manual' });

it('ends one’s own running sequence, found by user or by phone', async () => {
  await bed.enroll('m1', 'r1');
  await bed.enroll('m1', 'r2');
  await bed.enroll('m1', 'r3');
  expect(await exclude('m1', { userId: 'r1' })).toMatchObject([{ outcome: 'stopped' }]);
  expect(await exclude('m1', { phoneHash: 'h-r2' })).toMatchObject([{ outcome: 'stopped' }]);
  expect(await endedOf()).toEqual(['r1', 'r2']);
  expect(await exclude('m1', { userId: 'r1' })).toEqual([]);
});

it('leaves another member’s sequence with the same person alone', async () => {
  await bed.enroll('m2', 'r1');
  expect(await exclude('m1', { userId: 'r1', phoneHash: 'h-r1' })).toEqual([]);
  expect(await endedOf()).toEqual([]);
});
