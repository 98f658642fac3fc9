import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, bearer, serveRoutes } from '../../test/test-http.ts';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import type { Http } from '../http/server.ts';
import { createTickets } from '../http/tickets.ts';
import { createEvents, type Events } from '../platform/events.ts';
import { eventRoutes } from './events-routes.ts';

let stores: TestStores;
let events: Events;
let http: Http;
let url = '';

beforeAll(async () => {
  stores = await openTestStores();
  events = createEvents({ redis: stores.redis, prefix: stores.keyPrefix });
  const tickets = createTickets({ redis: stores.redis, prefix: stores.keyPrefix });
  http = serveRoutes(stores, eventRoutes({ events, tickets }), { tickets });
  ({ url } = await http.listen(0, '127.0.0.1'));
});
afterAll(async () => {
  await http.close();
  await events.close();
  await stores.close();
});

/** Reads a stream until `count` events have come, then leaves. */
async function listen(
  query: string,
  headers: Record<string, string>,
  count: number,
  opened?: () => Promise<void>,
) {
  const leave = new AbortController();
  const response = await fetch(`${url}/api/relance/events${query}`, { headers, signal: leave.signal });
  expect(response.status).toBe(200);
  const seen: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: event => void seen.push(event) });
  await opened?.();
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  while (seen.length < count) {
    const { value, done } = await reader.read();
    if (done) break;
    parser.feed(value);
  }
  leave.abort();
  return seen.map(({ event, data, id }) => ({ event, data: JSON.parse(data) as unknown, id }));
}
const asMember = (userId: string) => ({ Authorization: bearer(userId) });
const publish = (memberId: string, type: string, data: unknown, keep = true) =>
  events.publish(memberId, { type, data }, { keep });

it('tells a member what happens to them, and to nobody else', async () => {
  const seen = await listen('', asMember('a'), 2, async () => {
    await publish('b', 'state', { state: 'active' });
    await publish('a', 'qr', { qr: 'x' }, false);
    await publish('a', 'state', { state: 'active' });
  });
  expect(seen).toMatchObject([
    { event: 'qr', data: { qr: 'x' } },
    { event: 'state', data: { state: 'active' } },
  ]);
});

it('replays what was missed after Last-Event-ID, in order; the QR is never kept', async () => {
  const [first] = await listen('', asMember('c'), 1, () => publish('c', 'state', { n: 1 }));
  await publish('c', 'delivery', { n: 2 });
  await publish('c', 'qr', { n: 3 }, false);
  await publish('c', 'target', { n: 4 });
  const missed = await listen('', { ...asMember('c'), 'Last-Event-ID': first!.id! }, 2);
  expect(missed.map(({ event }) => event)).toEqual(['delivery', 'target']);
  const byQuery = await listen(`?lastEventId=${first!.id!}`, asMember('c'), 2);
  expect(byQuery.map(({ data }) => data)).toEqual([{ n: 2 }, { n: 4 }]);
});

it('a ticket opens one stream, once', async () => {
  const { body } = await ask(http, 'd').post('/events/ticket').expect(200);
  const { ticket } = (body as { data: { ticket: string } }).data;
  const seen = await listen(`?ticket=${ticket}`, {}, 1, () => publish('d', 'health', { score: 90 }));
  expect(seen).toMatchObject([{ event: 'health', data: { score: 90 } }]);
  const again = await fetch(`${url}/api/relance/events?ticket=${ticket}`);
  expect([again.status, await again.json()]).toMatchObject([
    401,
    { success: false, message: 'Invalid token.' },
  ]);
});

it('a token in the address opens nothing', async () => {
  const token = bearer('e').slice('Bearer '.length);
  for (const query of [`?token=${token}`, `?ticket=${token}`, `?access_token=${token}`]) {
    expect((await fetch(`${url}/api/relance/events${query}`)).status).not.toBe(200);
  }
});
