import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestStores, type TestStores } from '../../../test/test-stores.ts';
import { SealError } from '../../platform/crypto.ts';
import { createVault, vaultModel, type Vault, type VaultDoc } from './vault.ts';

const OLD = 'o'.repeat(32);
const NEW = 'n'.repeat(32);
const AT = new Date('2026-03-02T10:00:00Z');

let stores: TestStores;
let home: string;
let vault: Vault;
beforeEach(async () => {
  stores = await openTestStores();
  home = await mkdtemp(join(tmpdir(), 'relance-vault-'));
  vault = vaultWith([OLD]);
});
afterEach(async () => {
  await stores.close();
  await rm(home, { recursive: true, force: true });
});

const vaultWith = (secrets: string[]) =>
  createVault({ db: stores.db, secrets, logger: { warn: () => undefined } });
const FACTS = { browserMajor: 156, takenInUntil: AT };

async function profile(name: string, files: Record<string, string | Buffer>): Promise<string> {
  const dir = join(home, name);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  }
  return dir;
}

const LOGIN = {
  'Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.leveldb/000003.log': 'very secret key',
  'Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.leveldb/CURRENT': 'MANIFEST',
  'Default/IndexedDB/empty': '',
  'Default/Local Storage/leveldb/000003.log': 'also needed',
  'Default/Cache/Cache_Data/data_1': 'a cache',
  'Default/Cookies': 'cookies',
  SingletonLock: 'host-1',
};

/** Seals this profile as the channel's newest. */
async function sealed(channelId: string, dir: string, by = vault): Promise<void> {
  const openToken = await by.claim(channelId);
  expect(await by.sleep(channelId, dir, { openToken, ...FACTS })).toBe(true);
}

const files = () => stores.db.collection(`${vaultModel.name}.files`);
const chunks = () => stores.db.collection<{ data: { buffer: Buffer } }>(`${vaultModel.name}.chunks`);

/** Changes the stored bytes of every archive. */
async function tamper(change: (bytes: Buffer) => Buffer): Promise<void> {
  for (const chunk of await chunks().find().toArray()) {
    const data = change(Buffer.from(chunk.data.buffer));
    await chunks().updateOne({ _id: chunk._id }, { $set: { data: data as never } });
    await files().updateMany({}, { $set: { length: data.length } });
  }
}

test('a profile comes back with what a login needs and nothing else; in the store nothing of it can be read', async () => {
  await sealed('c1', await profile('one', LOGIN));
  const stored = Buffer.concat((await chunks().find().toArray()).map(({ data }) => Buffer.from(data.buffer)));
  expect(stored.includes('very secret key')).toBe(false);
  expect(stored.includes('IndexedDB')).toBe(false);

  const { takenInUntil } = await vault.wake('c1', join(home, 'back'), 156);
  expect(takenInUntil).toEqual(AT);
  const back = (await readdir(join(home, 'back'), { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(join(home, 'back').length + 1));
  expect(back.sort()).toEqual(
    Object.keys(LOGIN)
      .filter(name => /IndexedDB|Local Storage/.test(name))
      .sort(),
  );
  for (const name of back) {
    expect(await readFile(join(home, 'back', name), 'utf8')).toBe(LOGIN[name as keyof typeof LOGIN]);
  }
});

test.each([
  ['a flipped byte', (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte)))],
  ['a cut-off end', (bytes: Buffer) => bytes.subarray(0, -1)],
  ['something added', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0])])],
])('%s is refused, and nothing of it is left on the disk', async (_, change) => {
  await sealed('c1', await profile('one', LOGIN));
  await tamper(change);
  await expect(vault.wake('c1', join(home, 'back'), 156)).rejects.toBeInstanceOf(SealError);
  expect(await readdir(home)).toEqual(['one']);
});

test('an archive in another channel’s place is refused', async () => {
  await sealed('c1', await profile('one', LOGIN));
  const docs = stores.db.collection<VaultDoc>(vaultModel.name);
  const mine = (await docs.findOne({ _id: 'c1' }))!;
  await vault.claim('c2');
  await docs.updateOne({ _id: 'c2' }, { $set: { archives: mine.archives } });
  await expect(vault.wake('c2', join(home, 'back'), 156)).rejects.toBeInstanceOf(SealError);
  await docs.updateOne({ _id: 'c2' }, { $set: { wrapped: mine.wrapped } });
  await expect(vault.wake('c2', join(home, 'back'), 156)).rejects.toBeInstanceOf(SealError);
});

test('another secret opens nothing; a rotated one opens all, and afterwards the old one is not needed', async () => {
  await sealed('c1', await profile('one', LOGIN));
  await expect(vaultWith([NEW]).wake('c1', join(home, 'no'), 156)).rejects.toBeInstanceOf(SealError);
  expect(await vaultWith([NEW, OLD]).rotate()).toBe(1);
  expect(await vaultWith([NEW, OLD]).rotate()).toBe(0);
  await vaultWith([NEW]).wake('c1', join(home, 'back'), 156);
  expect(await readdir(home)).toContain('back');
});

test('trap 16: the last good archive is kept, and serves when the newest does not open', async () => {
  await sealed('c1', await profile('one', LOGIN));
  const good = await chunks().find().toArray();
  await sealed('c1', await profile('two', { 'Default/IndexedDB/x': 'newest' }));
  const bad = (await chunks().find().toArray()).filter(({ _id }) => !good.some(one => one._id.equals(_id)));
  await chunks().deleteMany({ _id: { $in: bad.map(({ _id }) => _id) } });
  const intact = Buffer.from(bad[0]!.data.buffer);
  intact[20]! ^= 1;
  await chunks().insertMany(bad.map(chunk => ({ ...chunk, data: intact as never })));
  await vault.wake('c1', join(home, 'back'), 156);
  expect(await readdir(join(home, 'back', 'Default'))).toContain('Local Storage');
  expect(await files().countDocuments()).toBe(2);
});

test('trap 16: a profile of a newer browser is not given to an older one', async () => {
  await sealed('c1', await profile('one', LOGIN));
  await expect(vault.wake('c1', join(home, 'back'), 155)).rejects.toThrow('Install the newer one');
  await vault.wake('c1', join(home, 'back'), 157);
});

test('of two instances that wake a channel the later one has it: what the other seals is not kept', async () => {
  const one = await profile('one', LOGIN);
  await sealed('c1', one);
  const sleeper = await vault.wake('c1', join(home, 'a'), 156);
  const winner = await vault.wake('c1', join(home, 'b'), 156);
  expect(await vault.isCurrent('c1', sleeper.openToken)).toBe(false);
  const before = await files().countDocuments();
  expect(await vault.sleep('c1', join(home, 'a'), { ...FACTS, openToken: sleeper.openToken })).toBe(false);
  expect(await files().countDocuments()).toBe(before);
  expect(await vault.sleep('c1', join(home, 'b'), { ...FACTS, openToken: winner.openToken })).toBe(true);
});

test('only the newest two archives are kept; removing leaves nothing', async () => {
  const dir = await profile('one', LOGIN);
  for (let round = 0; round < 4; round += 1) await sealed('c1', dir);
  expect(await files().countDocuments()).toBe(2);
  await vault.remove('c1');
  await vault.remove('c1');
  expect(await files().countDocuments()).toBe(0);
  expect(await chunks().countDocuments()).toBe(0);
  expect(await vault.wake('c1', join(home, 'back'), 156)).toMatchObject({ takenInUntil: null });
});

test('200 MB go in and out in bounded memory', { timeout: 120_000 }, async () => {
  const block = randomBytes(10 * 2 ** 20);
  const large = Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [`Default/IndexedDB/${n}.ldb`, block] as const),
  );
  const dir = await profile('large', large);
  let peak = 0;
  const watch = setInterval(() => {
    const { heapUsed, external } = process.memoryUsage();
    peak = Math.max(peak, heapUsed + external);
  }, 10);
  const before = process.memoryUsage();
  await sealed('c1', dir);
  await vault.wake('c1', join(home, 'back'), 156);
  clearInterval(watch);
  const grown = peak - before.heapUsed - before.external;
  expect(grown).toBeLessThan(150 * 2 ** 20);
  expect((await readFile(join(home, 'back', 'Default/IndexedDB/19.ldb'))).equals(block)).toBe(true);
});
