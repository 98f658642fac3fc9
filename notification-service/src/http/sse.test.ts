import { PassThrough } from 'node:stream';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { createEvents, type Events } from '../platform/events.ts';
import { createLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { signToken } from './authenticate.ts';
import { type Route, route, STREAMED, type UserActor } from './route.ts';
import { createHttp, type Http } from './server.ts';
import { openSse } from './sse.ts';
import { createTickets, type Tickets } from './tickets.ts';

const secret = 'a'.repeat(32);
const token = `Bearer ${signToken({ userId: 'u1', email: 'a@b.c', role: 'user' }, secret)}`;
let stores: TestStores;
let events: Events;
let tickets: Tickets;
let http: Http;
let url = '';
let closed = 0;

const common = { tag: 'Test', summary: 'For the test.', replies: { 200: null } };
const routes: Route[] = [
  route({
    ...{ ...common, method: 'get', path: '/events', access: 'member', ticket: true },
    async handle({ actor, req, res }) {
      const sse = await openSse(req, res);
      const stop = await events.subscribe(actor.userId, { afterId: sse.lastEventId, onEvent: sse.send });
      sse.onClose(() => {
        stop();
        closed++;
      });
      sse.send({ id: null, type: 'hello', data: {} });
      return STREAMED;
    },
  }),
  route({
    ...{ ...common, method: 'get', path: '/slow', access: 'member' },
    handle: () => new Promise(resolve => setTimeout(resolve, 200, { data: 'done' })),
  }),
];

beforeAll(async () => {
  stores = await openTestStores();
  events = createEvents({ redis: stores.redis, prefix: stores.keyPrefix });
  tickets = createTickets({ redis: stores.redis, prefix: stores.keyPrefix });
  http = createHttp({
    ...{
      routes,
      redis: stores.redis,
      metrics: createMetrics(),
      tickets,
      ready: () => Promise.resolve({ mongo: true }),
    },
    logger: createLogger({ level: 'error', stream: new PassThrough().resume() }),
    config: {
      ...{
        JWT_SECRET: [secret],
        JWT_PUBLIC_KEY: undefined,
        SERVICE_SECRET: [secret],
        METRICS_TOKEN: undefined,
      },
      ...{ CORS_ORIGINS: ['https://app.example.org'], TRUST_PROXY: 0, PUBLIC_URL: undefined },
      ...{ REDIS_PREFIX: stores.keyPrefix, RATE_LIMIT_READS: 120, RATE_LIMIT_WRITES: 30 },
    },
  });
  ({ url } = await http.listen(0, '127.0.0.1'));
});
afterAll(async () => {
  await http.close(1_000);
  await events.close();
  await stores.close();
});

interface Stream {
  status: number;
  headers: Headers;
  seen: EventSourceMessage[];
  /** Resolves when the server has ended the stream. */
  ended: Promise<void>;
  leave(): void;
}

async function follow(path: string, headers: Record<string, string> = {}): Promise<Stream> {
  const leaving = new AbortController();
  const response = await fetch(`${url}${path}`, { headers, signal: leaving.signal });
  const seen: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: event => seen.push(event) });
  const read = async () => {
    const text = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
      parser.feed(text.decode(chunk, { stream: true }));
  };
  return {
    status: response.status,
    headers: response.headers,
    seen,
    ended: read().catch(() => undefined),
    leave: () => leaving.abort(),
  };
}
const state = (data: unknown) => events.publish('u1', { type: 'state', data }, { keep: true });

describe('live events', () => {
  it('arrive with their ids, are replayed after one, and QRs leave that id alone', async () => {
    const first = await follow('/events', { authorization: token, origin: 'https://app.example.org' });
    expect(first.headers.get('content-type')).toContain('text/event-stream');
    expect(first.headers.get('access-control-allow-origin')).toBe('https://app.example.org');
    await vi.waitUntil(() => first.seen.length === 1);
    await state('one');
    await events.publish('u1', { type: 'qr', data: { qr: 'x' } }, { keep: false });
    await vi.waitUntil(() => first.seen.length === 3);
    expect(first.seen.slice(1)).toMatchObject([
      { event: 'state', data: '"one"', id: expect.stringMatching(/^\d+-\d+$/) as unknown },
      { event: 'qr', data: '{"qr":"x"}', id: first.seen[1]!.id },
    ]);
    first.leave();
    await vi.waitUntil(() => closed === 1);
    await state('two');
    const again = await follow('/events', { authorization: token, 'last-event-id': first.seen[1]!.id! });
    await vi.waitUntil(() => again.seen.some(event => event.data === '"two"'));
    expect(again.seen.filter(event => event.event === 'state').map(event => event.data)).toEqual(['"two"']);
    again.leave();
  });

  it('need a token or a ticket, and a ticket is good once', async () => {
    expect((await fetch(`${url}/events`)).status).toBe(401);
    expect((await fetch(`${url}/events?token=${token.slice(7)}`)).status).toBe(401);
    const actor: UserActor = {
      kind: 'user',
      userId: 'u1',
      email: 'a@b.c',
      role: 'user',
      name: null,
      isAdmin: false,
    };
    const ticket = await tickets.issue(actor);
    const stream = await follow(`/events?ticket=${ticket}`);
    expect(stream.status).toBe(200);
    stream.leave();
    expect((await fetch(`${url}/events?ticket=${ticket}`)).status).toBe(401);
    expect((await fetch(`${url}/events?ticket=a&ticket=b`)).status).toBe(401);
    expect((await fetch(`${url}/slow?ticket=${await tickets.issue(actor)}`)).status).toBe(401);
    const [ttl] = await Promise.all([
      tickets.issue(actor).then(made => stores.redis.ttl(`${stores.keyPrefix}:ticket:${made}`)),
    ]);
    expect(ttl).toBeGreaterThan(25);
    expect(ttl).toBeLessThanOrEqual(30);
  });
});

describe('stopping', () => {
  it('ends streams, lets a running request end, takes nothing new and is bounded', async () => {
    const stream = await follow('/events', { authorization: token });
    const slow = fetch(`${url}/slow`, { headers: { authorization: token } });
    await new Promise(resolve => setTimeout(resolve, 50));
    const startedMs = performance.now();
    const closing = http.close(5_000);
    await stream.ended;
    expect(await (await slow).json()).toEqual({ success: true, data: 'done' });
    await closing;
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });
});
