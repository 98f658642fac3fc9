import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type InsightBed, NOW, openInsightBed } from '../../test/insight-bed.ts';
import { ask, checked, serveRoutes } from '../../test/test-http.ts';
import { settingsShape } from '../channels/index.ts';
import type { Http } from '../http/server.ts';
import { auditShape, logPageShape } from './insight-schemas.ts';

let bed: InsightBed;
let http: Http;
beforeAll(async () => {
  bed = await openInsightBed();
  http = serveRoutes(bed.stores, bed.insight.routes);
});
afterAll(async () => {
  await http.close();
  await bed.close();
});
beforeEach(async () => {
  await bed.empty();
  await bed.addMember('m1');
});

const member = () => ask(http, 'm1');
const admin = () => ask(http, 'boss', 'admin');

describe('logs', () => {
  const logs = async (query = '') => checked(logPageShape.strict(), await admin().get(`/admin/logs${query}`));
  const days = async (query: string) => (await logs(query)).logs.map(({ dayNumber }) => dayNumber);

  beforeEach(async () => {
    await bed.addMember('m2');
    const [a, b] = [await bed.enroll('m1', 'r1'), await bed.enroll('m2', 'r2')];
    await bed.addRow(a._id, { day: 1, at: new Date('2025-03-10T08:00:00Z') });
    await bed.addRow(a._id, {
      day: 2,
      at: new Date('2025-03-11T23:30:00Z'),
      outcome: 'skipped',
      reason: 'no_message',
    });
    await bed.addRow(b._id, { day: 3, at: new Date('2025-03-12T08:00:00Z') });
    await bed.addReceipt('m2', `M-${b._id}-3-0`, 3, new Date('2025-03-12T08:01:00Z'));
    await bed.insight.followDeliveries();
  });

  it('has every field of the shape, newest first', async () => {
    const { logs: found, ...page } = await logs();
    expect(page).toEqual({ page: 1, limit: 50, total: 3, totalPages: 1 });
    expect(found).toMatchObject([
      {
        referralUserId: 'r2',
        referrerUserId: 'm2',
        dayNumber: 3,
        messageText: 'Day 3',
        success: true,
        readAt: new Date('2025-03-12T08:01:00Z'),
      },
      { dayNumber: 2, success: false, errorMessage: 'There was no active message for this day.' },
      { dayNumber: 1, success: true, sentAt: new Date('2025-03-10T08:00:00Z') },
    ]);
    expect(found[0]).not.toHaveProperty('errorMessage');
  });

  it.each([
    ['?userId=m1', [2, 1]],
    ['?userId=r2', [3]],
    ['?dayNumber=2', [2]],
    ['?success=true', [3, 1]],
    ['?success=false', [2]],
    ['?dateFrom=2025-03-11', [3, 2]],
    ['?dateTo=2025-03-11', [2, 1]],
    ['?dateFrom=2025-03-10T08:00:00Z&dateTo=2025-03-10T08:00:00Z', [1]],
    ['?userId=m1&success=true&dayNumber=1', [1]],
    ['?userId=&dayNumber=&success=&dateFrom=&dateTo=', [3, 2, 1]],
    ['?limit=1&page=2', [2]],
  ])('%s', async (query, expected) => {
    expect(await days(query)).toEqual(expected);
  });

  it.each([
    '?dayNumber=8',
    '?dayNumber=1.5',
    '?success=maybe',
    '?dateFrom=yesterday',
    '?dateTo=2025-99-99',
    '?userId=a b',
  ])('%s is refused with a sentence', async query => {
    const { status, body } = await admin().get(`/admin/logs${query}`);
    expect([status, body.success]).toEqual([400, false]);
    expect(body.message).not.toMatch(/Invalid|zod|undefined/);
  });
});

describe('configs and audit', () => {
  it('shows every member with the whole status, and never a secret', async () => {
    await bed.channels.updateOne(
      {},
      { $set: { phoneHash: 'hash', lid: 'lid', 'attempts.typedPhone': '33612345678' } },
    );
    const answer = await admin().get('/admin/configs');
    const configs = checked(z.array(settingsShape.strict()), answer);
    expect(configs).toMatchObject([
      {
        userId: 'm1',
        whatsappStatus: 'connected',
        enabled: true,
        messagesSentToday: 0,
        phoneNumber: '33600000000',
      },
    ]);
    expect(JSON.stringify(answer.body)).not.toMatch(/hash|lid"|login|typedPhone|exclusions|secret/i);
  });

  it('shows a channel whose member has no settings yet, and a member without a channel', async () => {
    await bed.members.deleteMany({});
    await bed.addMember('m3');
    await bed.channels.deleteMany({ memberId: 'm3' });
    const configs = checked(z.array(settingsShape), await admin().get('/admin/configs'));
    expect(configs.map(({ userId, state }) => [userId, state]).sort()).toEqual([
      ['m1', 'active'],
      ['m3', 'inactive'],
    ]);
  });

  it('keeps who changed what, the latest first', async () => {
    await bed.insight.recordAudit({
      actor: 'boss',
      action: 'sending.stop',
      target: 'sending',
      after: { on: false },
    });
    bed.clock.advance(1_000);
    await bed.insight.recordAudit({ actor: 'chief', action: 'target.stop', target: 't1' });
    const read = async (query: string) =>
      checked(auditShape.strict(), await admin().get(`/admin/audit${query}`));
    expect(await read('')).toMatchObject({
      entries: [
        { actor: 'chief', action: 'target.stop', before: null, after: null },
        { actor: 'boss', action: 'sending.stop', target: 'sending', after: { on: false }, at: new Date(NOW) },
      ],
      total: 2,
      totalPages: 1,
    });
    expect(await read('?actor=boss')).toMatchObject({ total: 1 });
    expect(await read('?action=target.stop&target=t1')).toMatchObject({ total: 1 });
  });
});

it.each(['/stats', '/targets', '/logs', '/configs', '/audit', `/targets/${'0'.repeat(24)}/timeline`])(
  'GET /admin%s is 403 for a member',
  async path => {
    expect((await member().get(`/admin${path}`)).status).toBe(403);
  },
);
