import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const OTHERS = ['fr', 'es', 'pt', 'ar'] as const;
type Texts = Record<string, string>;

const web = join(import.meta.dirname, '..');
const sections = readdirSync(web, { recursive: true, encoding: 'utf8' }).filter(path =>
  /(^|\/)texts\/([\w-]+\.)?en\.ts$/.test(path),
);
const read = async (section: string, language: string): Promise<Texts> => {
  const path = section.replace(/en\.ts$/, `${language}.ts`);
  return ((await import(join(web, path))) as { texts: Texts }).texts;
};
const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String).toSorted();

/** The same word in another language. */
const SAME = new Set(['Messages']);

test('there are sections to compare', () => {
  expect(sections.length).toBeGreaterThan(2);
});

test.for(sections.flatMap(section => OTHERS.map(code => [section, code] as const)))(
  '%s in %s says the same, in its own words',
  async ([section, code]) => {
    const [english, translated] = await Promise.all([read(section, 'en'), read(section, code)]);
    expect(Object.keys(translated).toSorted()).toEqual(Object.keys(english).toSorted());
    for (const [key, text] of Object.entries(english)) {
      expect([key, placeholders(translated[key] ?? '')]).toEqual([key, placeholders(text)]);
      expect((translated[key] ?? '').trim()).not.toBe('');
      if (!SAME.has(text)) expect(`${key}: ${translated[key] ?? ''}`).not.toBe(`${key}: ${text}`);
    }
  },
);
