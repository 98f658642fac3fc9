import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { createSealedLogins } from './login-store.ts';

let stores: TestStores;
beforeEach(async () => {
  stores = await openTestStores();
});
afterEach(() => stores.close());

const OLD = 'o'.repeat(32);
const NEW = 'n'.repeat(32);

test('a login is sealed for its channel: unreadable in the store, and worth nothing in another’s place', async () => {
  const logins = createSealedLogins<{ key: string }>(stores.db, [OLD]);
  await logins.save('c1', { key: 'very secret' });
  expect(await logins.load('c1')).toEqual({ key: 'very secret' });
  const collection = stores.db.collection<{ _id: string; sealed: string }>('channel_logins');
  const doc = await collection.findOne({ _id: 'c1' });
  expect(JSON.stringify(doc)).not.toContain('very secret');
  await collection.insertOne({ ...doc!, _id: 'c2' });
  await expect(logins.load('c2')).rejects.toThrow('belongs elsewhere');
  await logins.remove('c1');
  await logins.remove('c1');
  expect(await logins.load('c1')).toBeNull();
});

test('a login survives the rotation of the secret as long as the former one is listed', async () => {
  await createSealedLogins<string>(stores.db, [OLD]).save('c1', 'login');
  expect(await createSealedLogins<string>(stores.db, [NEW, OLD]).load('c1')).toBe('login');
  await expect(createSealedLogins<string>(stores.db, [NEW]).load('c1')).rejects.toThrow(
    'not configured any more',
  );
});
