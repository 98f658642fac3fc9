import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestStores } from '../../test/test-stores.ts';
import type { TestStores } from '../../test/test-stores.ts';
import { ensureDefaultCampaign } from './default-campaign.ts';

let stores: TestStores;
beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(() => stores.close());

it('is made once, however many ask at the same time', async () => {
  const { db } = stores;
  const now = new Date('2026-05-04T10:00:00Z');
  const made = await Promise.all(Array.from({ length: 20 }, () => ensureDefaultCampaign('m', { db, now })));
  expect(new Set(made.map(campaign => campaign._id)).size).toBe(1);
  const later = await ensureDefaultCampaign('m', { db, now: new Date('2027-01-01T00:00:00Z') });
  expect(later).toMatchObject({ type: 'default', status: 'active', createdAt: now });
  expect(await db.collection('campaigns').countDocuments()).toBe(1);
});
