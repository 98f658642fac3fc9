import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SETTINGS } from '../notification-service/src/platform/config.ts';

const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
const lines = example.split('\n').flatMap(line => {
  const match = /^(# )?([A-Z][A-Z_]+)=(.*)$/.exec(line);
  return match ? [{ commentedOut: match[1] !== undefined, name: match[2] ?? '', value: match[3] ?? '' }] : [];
});

it('names every setting once, and no other', () => {
  expect(lines.map(({ name }) => name).toSorted()).toEqual(Object.keys(SETTINGS).toSorted());
});

it('shows the true default of every setting that has one, commented out; the others are empty', () => {
  for (const { commentedOut, name, value } of lines) {
    const setting = SETTINGS[name as keyof typeof SETTINGS];
    const byDefault = setting.safeParse(undefined);
    const hasDefault = byDefault.success && ![undefined, '[]'].includes(JSON.stringify(byDefault.data));
    expect({ name, commentedOut }).toEqual({ name, commentedOut: hasDefault });
    if (hasDefault) expect({ [name]: setting.parse(value) }).toEqual({ [name]: byDefault.data });
    else expect({ [name]: value }).toEqual({ [name]: '' });
  }
});
