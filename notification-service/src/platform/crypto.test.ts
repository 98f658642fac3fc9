import { fork } from 'node:child_process';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import {
  createKeyring,
  createPhoneHasher,
  isSealedWithCurrent,
  open,
  seal,
  SealError,
  unwrapKey,
  wrapKey,
} from './crypto.ts';

const [first, second, third] = ['1', '2', '3'].map(digit => digit.repeat(32)) as [string, string, string];
const ring = (...secrets: string[]) => createKeyring(secrets, 'test');

describe('sealing', () => {
  it('gives back what was sealed, and never the same seal twice', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ maxLength: 40 }), (bytes, aad) => {
        const sealed = seal(Buffer.from(bytes), ring(first), aad);
        expect(open(sealed, ring(first), aad)).toEqual(Buffer.from(bytes));
        expect(seal(Buffer.from(bytes), ring(first), aad)).not.toBe(sealed);
      }),
      { numRuns: 50 },
    );
  });

  it('notices every changed character', () => {
    const sealed = seal('a login', ring(first), 'session:1');
    for (let at = 0; at < sealed.length; at++) {
      for (const other of ['A', 'b', '_', '.']) {
        if (sealed[at] === other) continue;
        const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
        let opened: Buffer | null = null;
        try {
          opened = open(changed, ring(first), 'session:1');
        } catch (error) {
          expect(error).toBeInstanceOf(SealError);
        }
        // The last character of base64url may hold bits that mean nothing: then the bytes are unchanged.
        if (opened) expect([opened.toString(), at]).toEqual(['a login', at]);
      }
    }
    expect(() => open(sealed.slice(0, -8), ring(first), 'session:1')).toThrow(SealError);
    expect(() => open('', ring(first), 'session:1')).toThrow(SealError);
  });

  it('opens in its own place only', () => {
    const sealed = seal('a login', ring(first), 'session:1');
    expect(() => open(sealed, ring(first), 'session:2')).toThrow('belongs elsewhere');
    expect(() => open(sealed, createKeyring([first], 'other'), 'session:1')).toThrow(SealError);
  });

  it('rotates: the first secret seals, all of them open', () => {
    const old = seal('a login', ring(first), 'x');
    const rotated = ring(second, first);
    expect(open(old, rotated, 'x').toString()).toBe('a login');
    expect([isSealedWithCurrent(old, ring(first)), isSealedWithCurrent(old, rotated)]).toEqual([true, false]);
    const renewed = seal(open(old, rotated, 'x'), rotated, 'x');
    expect(open(renewed, ring(second), 'x').toString()).toBe('a login');
    expect(() => open(old, ring(second), 'x')).toThrow('not configured any more');
  });

  it('wraps keys under their name', () => {
    const key = Buffer.alloc(32, 7);
    const wrapped = wrapKey(key, ring(first), 'a');
    expect(unwrapKey(wrapped, ring(first), 'a')).toEqual(key);
    expect(() => unwrapKey(wrapped, ring(first), 'b')).toThrow(SealError);
  });
});

describe('the hash of phones', () => {
  let stores: TestStores;
  beforeAll(async () => {
    stores = await openTestStores();
  });
  afterAll(() => stores.close());
  const hasher = (...secrets: string[]) => createPhoneHasher({ db: stores.db, secrets });
  const platform = () => stores.db.collection<{ _id: string; wrapped: string }>('platform');
  const phone = '33612345678';

  it('has one key, whoever is first, and keeps it wrapped', async () => {
    const hashers = await Promise.all(Array.from({ length: 12 }, () => hasher(first)));
    const hashes = new Set(hashers.map(hash => hash(phone)));
    expect(hashes.size).toBe(1);
    expect([...hashes][0]).toMatch(/^[0-9a-f]{64}$/);
    expect(await platform().countDocuments()).toBe(1);
    expect(hashers[0]!('33612345679')).not.toBe(hashers[0]!(phone));
  });

  it('has one key also between processes that start at once', async () => {
    const other = await openTestStores();
    const hashes = await Promise.all(
      Array.from({ length: 3 }, () => hashInChild(other.mongoUri, first, phone)),
    );
    expect(new Set(hashes).size).toBe(1);
    await other.close();
  }, 60_000);

  it('keeps its key through rotation, and is re-wrapped', async () => {
    const before = (await hasher(first))(phone);
    expect((await hasher(second, first))(phone)).toBe(before);
    expect((await hasher(second))(phone)).toBe(before);
    await Promise.all(Array.from({ length: 5 }, () => hasher(third, second)));
    expect((await hasher(third))(phone)).toBe(before);
  });

  it('refuses to start rather than to make a new key', async () => {
    const wrapped = (await platform().findOne({ _id: 'phone-key' }))?.wrapped;
    await expect(hasher(first)).rejects.toThrow('would forget every opt-out');
    expect((await platform().findOne({ _id: 'phone-key' }))?.wrapped).toBe(wrapped);
  });
});

function hashInChild(uri: string, secret: string, phone: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const file = new URL('../../test/fakes/hash-phone-child.ts', import.meta.url);
    const child = fork(file, [uri, secret, phone], { execArgv: ['--import', 'tsx'] });
    child.once('message', resolve as (hash: unknown) => void);
    child.once('exit', code => {
      reject(new Error(`The child ended with ${code}.`));
    });
  });
}
