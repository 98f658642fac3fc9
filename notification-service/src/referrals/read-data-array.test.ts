import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedAnswer, readDataArray } from './read-data-array.ts';

async function read(text: string, sizes: number[] = [7]) {
  const bytes = Buffer.from(text, 'utf8');
  async function* chunks() {
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const size = sizes[i % sizes.length] ?? 7;
      yield await Promise.resolve(bytes.subarray(at, at + size));
      at += size;
    }
  }
  const found: unknown[] = [];
  const { count } = await readDataArray(chunks(), json => found.push(JSON.parse(json)));
  expect(count).toBe(found.length);
  return found;
}

describe('readDataArray', () => {
  it('hands on what JSON.parse would, however the bytes are cut', async () => {
    const person = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(person, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        fc.constantFrom(undefined, 2),
        async (data, sizes, indent) => {
          const answer = JSON.stringify(
            { meta: { data: [1] }, success: true, data, message: 'data [{"' },
            null,
            indent,
          );
          expect(await read(answer, sizes)).toEqual(JSON.parse(JSON.stringify(data)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('refuses every truncation', async () => {
    const whole = JSON.stringify({
      success: true,
      data: [
        { _id: 'a', name: 'Zoé "Z"' },
        { _id: 'b', tags: [{}] },
      ],
    });
    for (let end = 0; end < Buffer.byteLength(whole); end++) {
      const cut = Buffer.from(whole).subarray(0, end).toString('latin1');
      await expect(read(cut), `cut at ${end}`).rejects.toThrow(MalformedAnswer);
    }
    expect(await read(whole)).toHaveLength(2);
  });

  it.each([
    ['success is missing', '{"data":[]}'],
    ['no success', '{"success":false,"data":[]}'],
    ['no list', '{"success":true}'],
    ['a list elsewhere', '{"success":true,"data":{"data":[{}]}}'],
    ['entries that are not people', '{"success":true,"data":[1]}'],
    ['a null among them', '{"success":true,"data":[{},null]}'],
    ['a zero among them', '{"success":true,"data":[{},0]}'],
    ['a list among them', '{"success":true,"data":[[{}]]}'],
    ['two lists', '{"success":true,"data":[{}],"data":[]}'],
    ['a missing comma', '{"success":true,"data":[{}{}]}'],
    ['a comma too many', '{"success":true,"data":[{},]}'],
    ['something after the end', '{"success":true,"data":[]}{}'],
    ['too many brackets', '{"success":true,"data":[{}]}]}'],
    ['not an object', '[{"a":1}]'],
    ['a page of HTML', '<html><body>502</body></html>'],
    ['nothing', ''],
  ])('refuses %s', async (_what, text) => {
    await expect(read(text)).rejects.toThrow(MalformedAnswer);
  });

  it('refuses an entry that never ends, without keeping it', async () => {
    await expect(read(`{"success":true,"data":[{"a":"${'x'.repeat(200_000)}`, [4096])).rejects.toThrow(
      'too long',
    );
  });

  it('refuses bytes that are not text', async () => {
    async function* bytes() {
      yield await Promise.resolve(Uint8Array.from([0x7b, 0xff, 0xfe]));
    }
    await expect(readDataArray(bytes(), () => undefined)).rejects.toThrow(MalformedAnswer);
  });
});
