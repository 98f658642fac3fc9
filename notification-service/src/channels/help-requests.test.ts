import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openChannelBed, type ChannelBed } from '../../test/channel-bed.ts';
import { startFakeHttp, type FakeHttp } from '../../test/fakes/fake-http.ts';
import { ask } from '../../test/test-http.ts';
import type { OutboxDoc } from '../platform/outbox.ts';

let bed: ChannelBed;
let webhook: FakeHttp;
let status: number;
beforeEach(async () => {
  status = 200;
  bed = await openChannelBed();
  webhook = await startFakeHttp(() => ({ status }));
});
afterEach(async () => {
  await bed.close();
  await webhook.close();
});

const requests = () => bed.stores.db.collection<OutboxDoc>('help_requests');
const start = (url?: string) =>
  bed.instance({ apiOnly: true, environment: url ? { HELP_WEBHOOK_URL: url } : {} });

test('asking for help posts who asks and their words to the operator’s webhook', async () => {
  const one = await start(webhook.url);
  const answer = await ask(one.http, 'm1').post('/help', { message: 'Je n’y arrive pas' }).expect(202);
  expect(answer.body).toEqual({ success: true, message: 'Help is on its way.' });
  const [posted] = await webhook.received(1);
  expect(posted?.body).toEqual({
    phone_number: '',
    username: 'm1@example.org',
    message: 'Je n’y arrive pas',
  });
  await ask(one.http, 'm1').post('/help').expect(202);
  const [, plain] = await webhook.received(2);
  expect(plain?.body).toMatchObject({ message: 'Connection help needed for m1@example.org. Retry count: 0' });
});

test('three times an hour and not more', async () => {
  const one = await start(webhook.url);
  for (let n = 0; n < 3; n += 1) await ask(one.http, 'm1').post('/help').expect(202);
  expect((await ask(one.http, 'm1').post('/help').expect(429)).headers['retry-after']).toBe('3600');
  await ask(one.http, 'm2').post('/help').expect(202);
  bed.clock.advance(60 * 60_000 + 1);
  await ask(one.http, 'm1').post('/help').expect(202);
});

test('what the webhook does not take is kept and tried again, also by another process, and delivered once', async () => {
  status = 500;
  const one = await start(webhook.url);
  await ask(one.http, 'm1').post('/help').expect(202);
  await webhook.received(1);
  await vi.waitFor(async () =>
    expect(await requests().findOne()).toMatchObject({ tries: 1, deliveredAt: null }),
  );
  const two = await start(webhook.url);
  await two.channels.deliverHelpRequests();
  expect(webhook.requests).toHaveLength(1); // not before its time
  status = 200;
  await requests().updateMany({}, { $set: { nextTryAt: new Date(0) } });
  await Promise.all([one, two].map(each => each.channels.deliverHelpRequests()));
  expect(webhook.requests).toHaveLength(2);
  expect(await requests().findOne()).toMatchObject({ tries: 2, deliveredAt: bed.clock.now() });
});

test('while no webhook is set the request is accepted, kept, and shown to admins alone', async () => {
  const one = await start();
  await ask(one.http, 'm1').post('/help', { message: 'Help' }).expect(202);
  expect(await requests().find().toArray()).toMatchObject([{ memberId: 'm1', deliveredAt: null, tries: 0 }]);
  const { body } = await ask(one.http, 'boss', 'admin').get('/admin/help-requests').expect(200);
  expect(body.data).toMatchObject([
    { memberId: 'm1', kind: 'by hand', username: 'm1@example.org', message: 'Help', deliveredAt: null },
  ]);
  await ask(one.http, 'm1').get('/admin/help-requests').expect(403);
});
