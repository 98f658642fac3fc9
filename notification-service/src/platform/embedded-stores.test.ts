import { expect, it } from 'vitest';
import { openTestStores } from '../../test/test-stores.ts';

it('gives every test a database of its own, with transactions and change streams', async () => {
  const stores = await openTestStores();
  try {
    await stores.db.collection('things').insertOne({ a: 1 }, { writeConcern: { w: 'majority', journal: true } });
    const hello = await stores.db.command({ hello: 1 });
    expect(hello['setName']).toBe('relance');
    expect(await stores.redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(await stores.redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  } finally {
    await stores.close();
  }
});
