import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SETTINGS } from '../notification-service/src/platform/config.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
/** `# NAME=value` or `NAME=value`. */
const exampleLines = [...read('.env.example').matchAll(/^(# )?([A-Z][A-Z_]+)=(.*)$/gm)].map(match => ({
  commentedOut: match[1] !== undefined,
  name: match[2] ?? '',
  value: match[3] ?? '',
}));
const composeNames = [...read('docker-compose.yml').matchAll(/\$\{([A-Z_]+):\?/g)].map(
  match => match[1] ?? '',
);
const known = new Set(Object.keys(SETTINGS));
/** `| NAME | value or – | meaning |`. */
const tableRows = [...read('README.md').matchAll(/^\| `([A-Z][A-Z_]+)` +\| +(?:`(.+?)`|–) +\| +\S/gm)].map(
  match => ({
    name: match[1] ?? '',
    value: match[2] ?? '',
  }),
);

it.each([
  ['.env.example', exampleLines.filter(({ name }) => known.has(name))],
  ['the table in README.md', tableRows],
])('%s names every setting once, and shows its true default', (_, lines) => {
  expect(lines.map(({ name }) => name).toSorted()).toEqual(Object.keys(SETTINGS).toSorted());
  for (const { name, value } of lines)
    expect({ [name]: meaningOf(name, value) }).toEqual({ [name]: meaningOf(name, '') });
});

it('.env.example comments out what has a default, and leaves the others to be filled in', () => {
  for (const { commentedOut, name, value } of exampleLines) {
    expect({ name, commentedOut }).toEqual({ name, commentedOut: value !== '' });
    if (!known.has(name)) continue;
    expect({ name, hasDefault: hasDefault(name) }).toEqual({ name, hasDefault: commentedOut });
  }
});

it('.env.example also names what docker-compose.yml asks for, and nothing else', () => {
  const others = exampleLines.map(({ name }) => name).filter(name => !known.has(name));
  expect(others.toSorted()).toEqual([...new Set(composeNames.filter(name => !known.has(name)))].toSorted());
});

/** What the configuration makes of it; nothing where it is required. */
function meaningOf(name: string, value: string): unknown {
  return SETTINGS[name as keyof typeof SETTINGS].safeParse(value === '' ? undefined : value).data;
}

function hasDefault(name: string): boolean {
  return ![undefined, '[]'].includes(JSON.stringify(meaningOf(name, '')));
}
