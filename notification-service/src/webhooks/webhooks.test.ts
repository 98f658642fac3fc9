import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { manualClock } from '../../test/manual-clock.ts';
import { openTestStores } from '../../test/test-stores.ts';
import type { TestStores } from '../../test/test-stores.ts';
import { createLogger } from '../platform/logger.ts';
import { runWithContext } from '../platform/request-context.ts';
import type { OutboxDoc } from '../platform/outbox.ts';
import { createWebhooks } from './index.ts';
import type { Webhooks } from './index.ts';

const clock = manualClock('2026-05-04T10:00:00Z');
let stores: TestStores;
let receiver: Server;
let posted: { body: unknown; headers: IncomingHttpHeaders }[];
let status: number;
let webhooks: Webhooks;

beforeAll(async () => {
  stores = await openTestStores();
  receiver = createServer((request, response) => {
    let text = '';
    request.on('data', chunk => (text += String(chunk)));
    request.on('end', () => {
      posted.push({ body: JSON.parse(text), headers: request.headers });
      response.writeHead(status, { Location: 'http://127.0.0.1:1/' }).end();
    });
  });
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  webhooks = create(`http://127.0.0.1:${port}/hook`);
});
afterAll(async () => {
  await new Promise(resolve => receiver.close(resolve));
  await stores.close();
});
beforeEach(async () => {
  [posted, status] = [[], 204];
  await notifications().deleteMany({});
});

const create = (url: string | undefined) =>
  createWebhooks({
    ...{ db: stores.db, clock, config: { NOTIFY_WEBHOOK_URL: url } },
    logger: createLogger({ level: 'error', stream: new PassThrough().resume() }),
  });
const notifications = () => stores.db.collection<OutboxDoc>('notifications');
const tell = (key: string) =>
  webhooks.notify({ key, memberId: 'm1', kind: 'replied', data: { targetId: 't1' } });
const comeDue = () => notifications().updateMany({}, { $set: { nextTryAt: new Date(0) } });
const stored = (key: string) => notifications().findOne({ _id: key });

it('posts an event once, with its key and the request id', async () => {
  await runWithContext({ requestId: 'req-1' }, () => tell('k1'));
  await tell('k1');
  await vi.waitFor(async () => expect((await stored('k1'))?.deliveredAt).toEqual(clock.now()));
  await comeDue();
  await webhooks.deliverDue();
  expect(posted).toHaveLength(1);
  expect(posted[0]?.body).toEqual({
    ...{ id: 'k1', event: 'replied', memberId: 'm1', at: clock.now().toISOString() },
    data: { targetId: 't1' },
  });
  expect(posted[0]?.headers).toMatchObject({ 'x-request-id': 'req-1', 'idempotency-key': 'k1' });
});

it.each([500, 302])('tries again after a %i, later each time, until it is taken', async refusal => {
  status = refusal;
  await tell('k2');
  await vi.waitFor(() => expect(posted).toHaveLength(1));
  const first = await stored('k2');
  expect(first?.deliveredAt).toBeNull();
  await webhooks.deliverDue();
  expect(posted).toHaveLength(1);
  await comeDue();
  await webhooks.deliverDue();
  expect(posted).toHaveLength(2);
  status = 200;
  await comeDue();
  await webhooks.deliverDue();
  expect(await stored('k2')).toMatchObject({ tries: 3, deliveredAt: clock.now() });
});

it('is posted by one of several processes', async () => {
  status = 500;
  await tell('k3');
  await vi.waitFor(() => expect(posted).toHaveLength(1));
  status = 200;
  await comeDue();
  await Promise.all([1, 2, 3, 4].map(() => webhooks.deliverDue()));
  expect(posted).toHaveLength(2);
});

it('keeps nothing without a URL', async () => {
  const silent = create(undefined);
  await silent.notify({ key: 'k4', memberId: 'm1', kind: 'disconnected', data: {} });
  await silent.deliverDue();
  expect(await notifications().countDocuments()).toBe(0);
});
