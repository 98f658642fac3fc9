import { request } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { control } from './line-for-tests.ts';
import { startNetwork, type RunningNetwork } from './start-network.ts';

let network: RunningNetwork;
beforeAll(async () => {
  network = await startNetwork();
});
afterAll(() => network.close());

const post = (path: string, body?: unknown) => control(network.url, 'POST', path, body);

test.each([
  ['/control/numbers', { phone: 'abc' }, '"phone" must be a phone number: 6 to 15 digits with country code.'],
  ['/control/numbers', {}, '"phone" must be a phone number: digits with country code.'],
  ['/control/faults', { kind: 'fire' }, /^"kind" must be one of lost-before, /],
  ['/control/faults', { kind: 'slow', count: 0 }, /^"count" /],
  ['/control/numbers/33611111111/say', { text: 'x' }, /^"to" must be a phone number, or a hidden id/],
  ['/control/links/code', { phone: '33611111111' }, '"code" must be the pairing code.'],
  ['/control/numbers', '{', 'The body is not JSON.'],
  ['/control/numbers', [], /./],
])('a body that is not right is refused with a sentence: %s %j', async (path, body, sentence) => {
  const answer = await post(path, body);
  expect(answer.status).toBe(400);
  expect(answer.body['message']).toMatch(
    sentence instanceof RegExp ? sentence : new RegExp(`^${escape(sentence)}$`),
  );
});

test('what is not there is 404, what cannot be is 409 or 405', async () => {
  expect((await post('/control/links/nobody/scan', { phone: '33611111111' })).status).toBe(404);
  expect((await post('/control/links/code', { code: 'ABCDEFGH', phone: '33611111111' })).status).toBe(404);
  expect((await post('/control/links/nobody/unlink')).status).toBe(404);
  expect((await post('/control/nowhere')).status).toBe(404);
  expect(
    (await post('/control/numbers/100000000000000@lid/say', { to: '33611111111', text: 'x' })).status,
  ).toBe(404);
  await post('/control/numbers', { phone: '33612222222', registered: false });
  expect((await post('/control/numbers/33612222222/say', { to: '33611111111', text: 'x' })).status).toBe(409);
  expect((await control(network.url, 'GET', '/control/reset')).status).toBe(405);
  expect((await control(network.url, 'GET', '/control/log?after=x')).status).toBe(400);
});

test('a number is written as people write it, and its hidden id stands for it', async () => {
  const { body } = await post('/control/numbers', { phone: '+33 6 13 33 33 33', name: 'Zoé' });
  expect(body).toMatchObject({ phone: '33613333333', registered: true });
  const said = await post(`/control/numbers/${String(body['lid'])}/say`, { to: '33614444444', text: 'hi' });
  expect(said.body).toMatchObject({ seq: expect.any(Number) as number });
});

test('generated bodies never lead to a failure of the network itself', async () => {
  const paths = [
    'numbers',
    'links/x/scan',
    'links/code',
    'numbers/33611111111/say',
    'numbers/33611111111/read',
    'faults',
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), fc.jsonValue(), async (path, body) => {
      const answer = await post(`/control/${path}`, JSON.stringify(body));
      expect(answer.status).toBeLessThan(500);
    }),
    { numRuns: 200 },
  );
});

test('the page is whole in itself and asks nobody else for anything', async () => {
  const response = await fetch(network.url);
  const page = await response.text();
  expect(response.headers.get('content-type')).toContain('text/html');
  expect(page).toContain('<title>Simulated WhatsApp</title>');
  expect(page.match(/(src|href)="(?!data:)[^"]*"/g)).toBeNull();
  expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
});

test('another site, and another name for this machine, get nothing', async () => {
  const status = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      request(new URL('/control/links', network.url), { headers }, response => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
  expect(await status({ origin: 'https://example.com' })).toBe(403);
  expect(await status({ host: 'example.com' })).toBe(403);
  expect(await status({ origin: network.url })).toBe(200);
});

test('the feed says when something changed', async () => {
  const abort = new AbortController();
  const response = await fetch(new URL('/control/events', network.url), { signal: abort.signal });
  const reader = response.body!.getReader();
  await reader.read();
  await post('/control/numbers', { phone: '33615555555' });
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: changed\n\n');
  abort.abort();
});

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
