import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EnrollmentDoc } from '../../src/enrollments/index.ts';
import type { ManualClock } from '../manual-clock.ts';
import { runningClock } from '../manual-clock.ts';
import { refer, startTestApp, until, writeMessages } from '../test-app.ts';
import type { TestApp } from '../test-app.ts';
import { weekOf } from '../week.ts';
import type { Week } from '../week.ts';

/** What products of this kind are known to get wrong. Each has its test where its guard is; `vitest -t 'pitfall: '` runs them. */
const PITFALLS = [
  'overlapping runs',
  'messages after payment',
  'pause that does not pause',
  'endless re-enrollment',
  'parallel sequences to one person',
  'backlog flood',
  'user-service outage ending sequences',
  'a short answer taken for payment',
  'missing template, phone or user',
  'day 8',
  'one member blocking others',
  'counters lost at midnight',
  'statistics that lie',
  'status that opens a connection',
  'text repeated per attachment',
  'path traversal',
  'SSRF by media URL',
  'other member’s ids',
  'default secrets',
];

it('every known pitfall has a test with its name, and no test names another', async () => {
  const root = join(import.meta.dirname, '..', '..');
  const files = (await readdir(root, { recursive: true })).filter(file => file.endsWith('.test.ts'));
  const texts = await Promise.all(files.map(file => readFile(join(root, file), 'utf8')));
  const titles = texts.flatMap(text => [
    ...text.matchAll(/^\s*['"]pitfall: ([^'"]+)['"],|\b(?:it|describe)\(['"]pitfall: ([^'"]+)['"]/gm),
  ]);
  const named = titles.map(([, own, called]) => (own ?? called ?? '').split(':')[0]);
  expect([...new Set(named)].sort()).toEqual([...PITFALLS].sort());
});

describe('through the whole service', () => {
  let test: TestApp;
  let clock: ManualClock;
  let week: Week;
  beforeEach(async () => {
    clock = runningClock('2026-03-02T09:00:00Z', 60);
    test = await startTestApp({
      environment: { RELANCE_MESSAGE_DELAY_MS: '1800000', RELANCE_MESSAGE_JITTER_MS: '0' },
      outside: { clock },
    });
    week = weekOf(test, clock);
    await writeMessages(test);
    await test.connect('m1', '33612000001');
  });
  afterEach(() => test.close());

  const enrollments = () => test.stores.db.collection<EnrollmentDoc>('enrollments');
  const enroll = async (...ids: string[]) => {
    const people = ids.map((_id, n) => ({ _id, name: _id, phoneNumber: `3365000000${n}` }));
    await refer(test, 'm1', people);
    await test.admin().post('/admin/enrollment/run').expect(200);
  };
  const sentTo = async (id: string) => {
    const doc = await enrollments().findOne({ referralUserId: id });
    return (await test.sent()).filter(({ to }) => to === doc?.phone);
  };
  const pause = (sendingPaused: boolean) => test.member('m1').put('/pause', { sendingPaused }).expect(200);

  it('pitfall: messages after payment: nothing follows an exit that was answered with stopped', async () => {
    await pause(true);
    await enroll('payer', 'other');
    const { body } = await test.service('/exit-user', { userId: 'payer' });
    expect(body.data).toEqual({ outcome: 'stopped', enrollments: 1 });
    // Two guards, each enough by itself to keep the message back: the sequence has ended, and the person is remembered.
    expect(await enrollments().findOne({ referralUserId: 'payer' })).toMatchObject({
      ...{ status: 'ended', exitReason: 'paid' },
      step: { tryAt: null },
    });
    expect(
      await test.stores.db.collection<{ _id: string }>('people').findOne({ _id: 'u:payer' }),
    ).toMatchObject({
      paidAt: expect.any(Date) as Date,
    });
    await pause(false);
    await until(async () => (await sentTo('other')).length === 1, 'the other one is written to');
    await week.settled();
    await week.jumpTo(new Date(clock.now().getTime() + 2 * 3_600_000));
    await test.app.delivery.sweep();
    await week.settled();
    expect(await sentTo('payer')).toEqual([]);
  });

  it('pitfall: pause that does not pause: nothing more goes out until it is lifted', async () => {
    await enroll('first', 'second');
    await until(async () => (await test.sent()).length === 1, 'one is sent');
    await pause(true);
    await week.jumpTo(new Date(clock.now().getTime() + 2 * 3_600_000));
    await test.app.delivery.sweep();
    await test.app.delivery.pumpOnce();
    expect(await test.sent()).toHaveLength(1);
    await pause(false);
    await until(async () => (await test.sent()).length === 2, 'the other one is sent');
  });

  it('pitfall: day 8: the seventh day ends the sequence, and nothing comes after it', async () => {
    await pause(true);
    await enroll('person');
    await enrollments().updateOne({}, { $set: { 'step.day': 7 } });
    await pause(false);
    await until(async () => (await sentTo('person')).length === 1, 'day 7 is sent');
    await week.settled();
    expect(await enrollments().findOne({})).toMatchObject({
      status: 'ended',
      exitReason: 'completed_7_days',
    });
    await week.jumpTo(new Date(clock.now().getTime() + 2 * 86_400_000));
    await test.app.delivery.sweep();
    await week.settled();
    expect(await sentTo('person')).toHaveLength(1);
  });
});
