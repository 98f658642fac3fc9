import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT_REASONS } from '../../src/enrollments/index.ts';
import { runningClock } from '../manual-clock.ts';
import { until, writeMessages } from '../test-app.ts';
import { bearer } from '../test-http.ts';
import { NOW, openContractBed, seen } from './contract-bed.ts';
import type { ContractBed } from './contract-bed.ts';

/** The cells of the admin table, and the sequences in which the admin app calls them. */
let bed: ContractBed;
beforeAll(async () => {
  bed = await openContractBed({ clock: runningClock(NOW) });
}, 60_000);
afterAll(() => bed.close());

const admin = () => bed.test.admin();
const text = expect.any(String) as string;
const count = expect.any(Number) as number;
const id = expect.stringMatching(/^[0-9a-f]{24}$/) as string;
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const upload = async (name: string, content: Buffer) => {
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(content)]), name);
  const response = await fetch(`${bed.test.url}/api/relance/admin/upload-media`, {
    method: 'POST',
    headers: { Authorization: bearer('admin', 'admin') },
    body: form,
  });
  const body = (await response.json()) as { message?: string; data?: { url: string; filename: string } };
  return { status: response.status, ...body };
};

describe('/admin/messages', () => {
  const message = (dayNumber: number, fields: object = {}) => ({
    ...{ _id: id, dayNumber, messageTemplate: { fr: 'Bonjour {{ name }}', en: '' }, mediaUrls: [] },
    ...{ variables: ['name'], active: true, updatedAt: instant, ...fields },
  });

  it('saves, shows, takes back what it has shown, and deactivates', async () => {
    const body = { dayNumber: 1, messageTemplate: { fr: 'Bonjour {{ name }}' } };
    expect(await seen(admin().post('/admin/messages', body))).toEqual([200, text, message(1)]);
    const [, , shown] = await seen(admin().get('/admin/messages/1'));
    expect(shown).toEqual(message(1));
    expect((await seen(admin().post('/admin/messages', shown as object)))[2]).toEqual(message(1));
    expect(await seen(admin().delete('/admin/messages/1'))).toEqual([
      ...[200, 'Message deactivated', message(1, { active: false })],
    ]);
    // The list has inactive ones too.
    expect(await seen(admin().get('/admin/messages'))).toEqual([
      200,
      undefined,
      [message(1, { active: false })],
    ]);
  });

  it('refuses with the contract’s sentences', async () => {
    const save = async (body: object) => (await seen(admin().post('/admin/messages', body))).slice(0, 2);
    for (const dayNumber of [0, 8, 'x', undefined])
      expect(await save({ dayNumber, messageTemplate: { fr: 'x' } })).toEqual([
        ...[400, 'Valid dayNumber (1-7) is required'],
      ]);
    for (const messageTemplate of [{}, { en: 'Hello' }, { fr: ' ' }, undefined])
      expect(await save({ dayNumber: 1, messageTemplate })).toEqual([400, 'messageTemplate.fr is required']);
  });

  it('an upload is saved without a `language`, and is public under its name', async () => {
    const { status, data } = await upload('cat.jpg', PNG);
    expect([status, data]).toEqual([
      ...[200, { url: text, type: 'image', filename: text, originalName: 'cat.jpg', size: PNG.length }],
    ]);
    const mediaUrls = [{ url: data?.url, type: 'image', filename: data?.filename }];
    const body = { dayNumber: 2, messageTemplate: { fr: 'Regarde' }, mediaUrls };
    expect((await seen(admin().post('/admin/messages', body)))[2]).toMatchObject({
      mediaUrls: [{ type: 'image' }],
    });
    const file = await fetch(`${bed.test.url}/api/relance/media/${data?.filename ?? ''}`);
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(await upload('cat.png', Buffer.from('no picture at all'))).toMatchObject({
      status: 415,
      message: text,
    });
    expect((await fetch(`${bed.test.url}/api/relance/media/${'a'.repeat(48)}.png`)).status).toBe(404);
  });

  it('renders a preview, and says what a test needs', async () => {
    const body = { dayNumber: 1, messageTemplate: { fr: 'Bonjour {{ name }}' }, sample: { name: 'Ana' } };
    const [status, , data] = await seen(admin().post('/admin/messages/preview', body));
    expect(status).toBe(200);
    expect(JSON.stringify(data)).toContain('Bonjour Ana');
    const test = await seen(admin().post('/admin/messages/1/test', { phone: '33612345678' }));
    expect(test.slice(0, 2)).toEqual([409, 'Connect your own WhatsApp first: tests are sent from it.']);
  });
});

describe('numbers, lists and hands', () => {
  let targetId = '';
  beforeAll(async () => {
    await writeMessages(bed.test, [1]);
    await bed.test.connect('n1', '33612000011');
    bed.refer('n1', 'n1-r', { name: 'Paul Martin' });
    const campaignId = await bed.createCampaign('n1');
    await bed.test.member('n1').post(`/campaigns/${campaignId}/start`).expect(200);
    await until(async () => {
      const { body } = await admin().get('/admin/logs');
      return (body.data as { total: number }).total === 1;
    }, 'one message is in the log');
    targetId =
      ((await admin().get('/admin/targets')).body.data as { targets: { _id: string }[] }).targets[0]?._id ??
      '';
  });

  it('the three lists of the front page come side by side', async () => {
    const [stats, targets, configs] = await Promise.all([
      seen(admin().get('/admin/stats')),
      seen(admin().get('/admin/targets?page=1&limit=20&status=')),
      seen(admin().get('/admin/configs')),
    ]);
    expect(stats).toMatchObject([
      ...[200, undefined],
      {
        ...{ totalActiveTargets: 1, totalCompletedTargets: 0, totalMessagesSent: 1, totalSuccessRate: 0 },
        ...{ activeConfigsCount: 1, targetsEnrolledToday: 1, messagesSentToday: 1 },
        exitReasons: Object.fromEntries(EXIT_REASONS.map(reason => [reason, 0])),
      },
    ]);
    expect(targets).toMatchObject([
      ...[200, undefined],
      {
        ...{ total: 1, page: 1, totalPages: 1 },
        targets: [
          {
            ...{
              _id: targetId,
              referralUserId: 'n1-r',
              referrerUserId: 'n1',
              status: 'active',
              currentDay: 2,
            },
            messagesDelivered: [{ day: 1, sentAt: instant, status: 'delivered' }],
          },
        ],
      },
    ]);
    expect(configs[0]).toBe(200);
    expect(configs[2]).toContainEqual(
      expect.objectContaining({
        ...{ _id: id, userId: 'n1', whatsappStatus: 'connected', enabled: true, messagesSentToday: 1 },
        ...{ lastQrScanDate: instant, enrollmentPaused: false, sendingPaused: false },
      }),
    );
    expect(JSON.stringify(configs)).not.toMatch(/secret|login"|sealed/i);
  });

  it('the log is found by each filter', async () => {
    const log = {
      ...{ _id: id, targetId, referralUserId: 'n1-r', referrerUserId: 'n1', dayNumber: 1, part: 0 },
      ...{ messageText: expect.stringContaining('Bonjour Paul') as string, success: true, sentAt: instant },
      ...{ outcome: 'sent', deliveredAt: expect.anything() as unknown, readAt: null },
    };
    const logs = async (query: string) => (await admin().get(`/admin/logs?${query}`).expect(200)).body.data;
    await until(
      async () =>
        ((await logs('')) as { logs: { deliveredAt: string | null }[] }).logs[0]?.deliveredAt != null,
      'WhatsApp says delivered',
    );
    const found = { logs: [log], page: 1, limit: 50, total: 1, totalPages: 1 };
    for (const query of [
      '',
      'userId=n1',
      'userId=n1-r',
      'dayNumber=1',
      'success=true',
      'dateFrom=2026-03-01&dateTo=2026-03-02',
      'userId=&dayNumber=&success=&dateFrom=&dateTo=',
    ])
      expect([query, await logs(query)]).toEqual([query, found]);
    for (const query of ['userId=n2', 'dayNumber=2', 'success=false', 'dateTo=2026-03-01'])
      expect([query, await logs(query)]).toMatchObject([query, { logs: [], total: 0 }]);
    expect((await seen(admin().get('/admin/logs?dayNumber=9')))[0]).toBe(400);
  });

  it('enrollment runs now, sending stops and resumes, a target is stopped; all of it is in the audit', async () => {
    expect(await seen(admin().post('/admin/enrollment/run'))).toMatchObject([
      ...[200, 'Enrollment run finished', { finished: true, report: { members: count, enrolled: count } }],
    ]);
    expect(await seen(admin().post('/admin/sending/stop', { reason: 'Trouble' }))).toEqual([
      ...[200, text, { on: false, reason: 'Trouble' }],
    ]);
    expect((await seen(admin().post('/admin/sending/stop')))[0]).toBe(400);
    expect(await seen(admin().post('/admin/sending/resume'))).toEqual([
      200,
      text,
      { on: true, reason: null },
    ]);
    expect(await seen(admin().post(`/admin/targets/${targetId}/stop`))).toEqual([
      ...[200, 'Target stopped', { outcome: 'stopped' }],
    ]);
    expect((await seen(admin().post(`/admin/targets/${'a'.repeat(24)}/stop`)))[0]).toBe(404);
    expect((await seen(admin().post(`/admin/targets/${targetId}/resolve`, { as: 'odd' })))[0]).toBe(400);
    const [status, , audit] = await seen(admin().get('/admin/audit?limit=100'));
    expect(status).toBe(200);
    const actions = (audit as { entries: { action: string }[] }).entries.map(({ action }) => action);
    expect(actions).toEqual(
      expect.arrayContaining([
        'enrollment.run',
        'sending.stop',
        'sending.resume',
        'target.stop',
        'message.save',
      ]),
    );
  });
});
