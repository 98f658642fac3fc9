import { expect, it } from 'vitest';
import { createMediaCache } from './media-cache.ts';

const file = (length: number) => ({ bytes: Buffer.alloc(length) });

it('keeps what was used last, within its bytes', () => {
  const cache = createMediaCache(100);
  cache.put('a', file(40));
  cache.put('b', file(40));
  expect(cache.get('a')).toBeDefined();
  cache.put('c', file(40));
  expect([cache.get('a'), cache.get('b'), cache.get('c')].map(Boolean)).toEqual([true, false, true]);
});

it('does not keep what is larger than all of it, and counts a replaced file once', () => {
  const cache = createMediaCache(100);
  cache.put('a', file(101));
  expect(cache.get('a')).toBeUndefined();
  for (let i = 0; i < 5; i++) cache.put('b', file(60));
  cache.put('c', file(40));
  expect(cache.get('b')).toBeDefined();
});
