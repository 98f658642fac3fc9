import fc from 'fast-check';
import { z } from 'zod';
import type { Route } from '../../src/http/route.ts';

export interface BadRequest {
  route: Route;
  method: string;
  /** Path and query. */
  url: string;
  headers: Record<string, string>;
  body: string | null;
}

const ID = 'a'.repeat(24);

/**
 * Requests that no front end would make: parameters, queries and bodies from nearly right (a valid body with one thing
 * wrong) to rubbish, over every route. Always the same for a seed.
 */
export function badRequests(routes: readonly Route[], count: number, seed: number): BadRequest[] {
  const arbitraries = routes.map(requestTo);
  const perRoute = Math.ceil(count / routes.length);
  return arbitraries.flatMap((arbitrary, at) => fc.sample(arbitrary, { numRuns: perRoute, seed: seed + at }));
}

function requestTo(route: Route): fc.Arbitrary<BadRequest> {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  return fc
    .record({
      params: fc.tuple(...names.map(name => paramNamed(name))),
      query: queryOf(route),
      body: bodyOf(route),
      headers: oddHeaders,
    })
    .map(({ params, query, body, headers }) => ({
      ...{ route, method: route.method.toUpperCase(), body },
      url: fillIn(route.path, names, params) + (query === '' ? '' : `?${query}`),
      headers: { ...(body === null ? {} : { 'content-type': 'application/json' }), ...headers },
    }));
}

function fillIn(path: string, names: readonly string[], values: readonly string[]): string {
  return names.reduce((filled, name, at) => filled.replace(`{${name}}`, values[at] ?? ''), path);
}

const paramNamed = (name: string) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(ID, '1', '7', '0', '8', `${ID}.png`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '%00',
        '%2e%2e%2fetc%2fpasswd',
        '%E0%A4%A',
        '..%5c',
        '$ne',
        '__proto__',
        'NaN',
        '-1',
        '1e3',
        name,
      ),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).map(encode) },
  );

/** Lone surrogates cannot be encoded. */
const encode = (text: string) => encodeURIComponent(Buffer.from(text).toString()).replace(/^\.+$/, '%2e');

const oddHeaders: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({}) },
  fc.constantFrom<Record<string, string>>(
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-type': 'multipart/form-data' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-encoding': 'gzip' },
    { 'content-encoding': 'br' },
    { 'last-event-id': '1-1' },
    { 'last-event-id': '\'"' },
    { 'x-request-id': 'a'.repeat(500) },
    { accept: 'image/png' },
    { 'if-none-match': '*' },
    { range: 'bytes=0-' },
  ),
);

const junkText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '\ud800',
    '{{',
    '{% for',
    '{{ name | x }}',
    '../../etc/passwd',
    'http://169.254.169.254/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    '$where',
    '2025-02-31T00:00:00Z',
    '9'.repeat(400),
    'é'.repeat(5_000),
  ),
);
const junk: fc.Arbitrary<unknown> = fc.oneof(
  junkText,
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    Number.MAX_SAFE_INTEGER,
    [],
    {},
    [null],
    { $ne: null },
    { $gt: '' },
    { length: -1 },
    [[[[[]]]]],
    { toString: 1 },
  ),
  fc.object({ maxDepth: 3, maxKeys: 5 }),
  fc.array(fc.anything({ maxDepth: 1 }), { maxLength: 30 }),
);

function queryOf(route: Route): fc.Arbitrary<string> {
  const known = route.query instanceof z.ZodObject ? Object.keys(route.query.shape) : [];
  const name = fc.constantFrom(
    ...known,
    'page',
    'limit',
    'userId',
    'status',
    '__proto__',
    'page[]',
    'a[b]',
    'constructor',
  );
  const value = fc.oneof(
    fc.constantFrom('1', '0', '-1', '1e9', 'NaN', '', 'active', '99999999999999', 'true', '2025-01-31', ID),
    junkText.map(text => text.slice(0, 200)),
  );
  return fc
    .array(fc.tuple(name, value), { maxLength: 4 })
    .map(pairs => pairs.map(([key, text]) => `${encode(key)}=${encode(text)}`).join('&'));
}

function bodyOf(route: Route): fc.Arbitrary<string | null> {
  const rubbish = fc.oneof(
    junk.map(toJson),
    fc.constantFrom(
      '',
      '{',
      '[1,',
      'null',
      '"',
      '{"a":1}}',
      '\u0000',
      'a=b&c=d',
      `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      `{"name":"${'x'.repeat(150_000)}"}`,
      '{"__proto__":{"x":1},"constructor":{"prototype":{}}}',
      '--x\r\nContent-Disposition: form-data; name="file"; filename="../a"\r\n\r\nGIF89a\r\n--x--\r\n',
      '--x\r\n',
    ),
  );
  if (route.method === 'get') return fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, fc.constant('{'));
  if (!route.body) return fc.oneof(fc.constant(null), rubbish);
  const nearly = fromSchema(z.toJSONSchema(route.body, { io: 'input', unrepresentable: 'any' }) as Schema, 0);
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(nearly, fc.nat(), junk)
        .map(([body, at, wrong]) => toJson(withOneWrong(body, at, wrong))),
    },
    { weight: 2, arbitrary: nearly.map(toJson) },
    { weight: 2, arbitrary: rubbish },
    { weight: 1, arbitrary: fc.constant(null) },
  );
}

const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));

/** Replaces one field, somewhere, by something that does not belong there. */
function withOneWrong(body: unknown, at: number, wrong: unknown): unknown {
  if (typeof body !== 'object' || body === null || Object.keys(body).length === 0) return wrong;
  const keys = Object.keys(body);
  const key = keys[at % keys.length] ?? '';
  const inner = (body as Record<string, unknown>)[key];
  const next = at % 3 === 0 ? withOneWrong(inner, Math.floor(at / 3), wrong) : wrong;
  return Array.isArray(body)
    ? body.map((value: unknown, index) => (String(index) === key ? next : value))
    : { ...body, [key]: next };
}

interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  items?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
}

/** Values that mostly fit a JSON schema. */
function fromSchema(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (depth > 5) return fc.constant(null);
  if (choices && choices.length > 0) return fc.oneof(...choices.map(choice => fromSchema(choice, depth + 1)));
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return objectFrom(schema, depth);
    case 'array':
      return fc.array(itemsOf(schema.items, depth), { maxLength: 3 });
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number':
      return fc.integer({
        min: Math.max(schema.minimum ?? -5, -1e6),
        max: Math.min(schema.maximum ?? 500, 1e6),
      });
    case 'string':
      return fc.oneof(
        {
          weight: 3,
          arbitrary: fc.constantFrom(
            'Bonjour {{ name }}',
            '33612345678',
            ID,
            'fr',
            'FR',
            'u1',
            '2025-01-31T00:00:00Z',
            'https://example.invalid/a.png',
            'image',
            'sent',
          ),
        },
        { weight: 1, arbitrary: junkText },
      );
    default:
      return junk;
  }
}

function objectFrom(
  { properties = {}, required = [], additionalProperties }: Schema,
  depth: number,
): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, inner]) => [name, fromSchema(inner, depth + 1)]),
  );
  const known = fc.record(fields, { requiredKeys: required.filter(name => name in fields) });
  if (typeof additionalProperties !== 'object') return known;
  const more = fc.dictionary(
    fc.constantFrom('fr', 'en', 'es', 'ar', 'xx', '__proto__', '$set', 'a.b'),
    fromSchema(additionalProperties, depth + 1),
    { maxKeys: 3 },
  );
  return fc.tuple(known, more).map(([a, b]) => ({ ...a, ...b }));
}

const itemsOf = (items: Schema['items'], depth: number) =>
  typeof items === 'object' ? fromSchema(items, depth + 1) : junk;
