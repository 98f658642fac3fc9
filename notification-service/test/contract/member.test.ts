import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openContractBed, seen } from './contract-bed.ts';
import type { ContractBed } from './contract-bed.ts';
import { bearer } from '../test-http.ts';
import { until } from '../test-app.ts';

/** The cells of the member and internal tables, and the sequences in which the member app calls them. */
let bed: ContractBed;
beforeAll(async () => {
  bed = await openContractBed();
}, 60_000);
afterAll(() => bed.close());

const me = (memberId: string) => bed.test.member(memberId);
const text = expect.any(String) as string;
const count = expect.any(Number) as number;
const id = expect.stringMatching(/^[0-9a-f]{24}$/) as string;
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
const instantOrNull = expect.toBeOneOf([null, instant]) as unknown;

/** `/status` of somebody who never connected; what a test changes comes on top. */
const status = (fields: object = {}) => ({
  ...{ whatsappStatus: 'disconnected', enabled: true, enrollmentPaused: false, sendingPaused: false },
  ...{ messagesSentToday: 0, lastConnectionCheck: null, defaultCampaignPaused: false },
  ...{ allowSimultaneousCampaigns: false, maxMessagesPerDay: 50, maxTargetsPerCampaign: 500 },
  ...{ lastQrScanDate: null, connectionFailureCount: 0, lastConnectionFailure: null },
  ...{ lastConnectionFailureReason: null, state: 'inactive', stateReason: null, attempt: 0, maxAttempts: 5 },
  ...{ cooldownUntil: null, phoneNumber: null, consentAt: null },
  health: { score: 100, band: 'healthy', reasons: [] },
  ...fields,
});
const settings = (memberId: string, fields: object = {}) => ({
  ...{ _id: id, userId: memberId, lastResetDate: instant },
  ...status(fields),
});
const qr = {
  qr: expect.stringMatching(/^data:image\/png;base64,/) as string,
  ...{ expiresInSeconds: count, attempt: 1, maxAttempts: 5 },
};

describe('GET /status', () => {
  it('has every field for somebody who never connected, and creates nothing', async () => {
    expect(await seen(me('s1').get('/status'))).toEqual([200, undefined, status()]);
    expect(await bed.test.stores.db.collection('members').countDocuments({ _id: 's1' as never })).toBe(0);
  });
});

describe('POST /connect and /retry', () => {
  it('give a QR, the same attempt while it runs, and a pairing code for a number', async () => {
    expect(await seen(me('q1').post('/connect'))).toEqual([200, undefined, qr]);
    expect(await seen(me('q1').post('/retry', {}))).toEqual([200, undefined, qr]);
    const [code, , data] = await seen(me('q2').post('/connect', { phoneNumber: '+33 6 12 00 00 02' }));
    const pairingCode = expect.stringMatching(/^[A-Z0-9]{8}$/) as string;
    expect([code, data]).toEqual([200, { ...qr, pairingCode }]);
  });

  it('is polled for a minute while the QR shows: cheap, read-only, and connected in the end', async () => {
    await bed.test.control('/numbers', { phone: '33612000003', registered: true });
    await me('q3').post('/connect').expect(200);
    const before = (await me('q3').get('/status').expect(200)).body.data;
    // 60 s at one call each 3 s; the machine's seconds are not waited for.
    for (let poll = 0; poll < 20; poll += 1)
      expect(await seen(me('q3').get('/status'))).toEqual([200, undefined, before]);
    const links = (await bed.test.control('/links')) as { device: string }[];
    await bed.test.control(`/links/${links.at(-1)?.device ?? ''}/scan`, { phone: '33612000003' });
    const poll = async () =>
      (await me('q3').get('/status').expect(200)).body.data as ReturnType<typeof status>;
    await until(async () => (await poll()).whatsappStatus === 'connected', 'connected');
    expect(await poll()).toMatchObject({
      ...{ state: 'warming', phoneNumber: '33612000003', attempt: 0, lastQrScanDate: instant },
    });
    expect(await seen(me('q3').post('/connect'))).toEqual([
      ...[200, 'WhatsApp already connected', { alreadyConnected: true, whatsappStatus: 'connected' }],
    ]);
  });
});

describe('DELETE /disconnect', () => {
  it('with a JSON content type and no body keeps the login; with force it does not', async () => {
    await bed.test.connect('x1', '33612000004');
    const response = await fetch(`${bed.test.url}/api/relance/disconnect`, {
      method: 'DELETE',
      headers: { Authorization: bearer('x1'), 'Content-Type': 'application/json' },
    });
    expect([response.status, await response.json()]).toEqual([
      ...[200, { success: true, message: 'WhatsApp disconnected successfully' }],
    ]);
    // Visible before the answer.
    expect(await seen(me('x1').get('/status'))).toMatchObject([
      ...[200, undefined, { whatsappStatus: 'disconnected', connectionFailureCount: 0 }],
    ]);
    // A kept login is opened again without a QR.
    expect(await seen(me('x1').post('/connect'))).toEqual([
      ...[200, 'WhatsApp already connected', { alreadyConnected: true, whatsappStatus: 'connected' }],
    ]);
    expect(await seen(me('x1').delete('/disconnect', { force: true }))).toEqual([
      ...[200, 'WhatsApp session completely reset', undefined],
    ]);
    expect(await seen(me('x1').post('/connect'))).toMatchObject([200, undefined, { attempt: 1 }]);
  });
});

describe('PUT /pause, PUT /settings, PATCH /config', () => {
  it.each(['/pause', '/settings'])('%s answers with the whole settings, created when absent', async path => {
    const memberId = `set${path.slice(1)}`;
    expect(await seen(me(memberId).put(path, { sendingPaused: true }))).toMatchObject([
      ...[200, text, settings(memberId, { sendingPaused: true })],
    ]);
    expect((await seen(me(memberId).put(path, { enabled: false })))[2]).toEqual(
      settings(memberId, { enabled: false, sendingPaused: true }),
    );
    for (const body of [{}, { enabled: 'yes' }])
      expect((await seen(me(memberId).put(path, body)))[0]).toBe(400);
  });

  it('PATCH /config answers with what replaces the page’s whole status', async () => {
    const change = (body: object) => seen(me('conf').patch('/config', body));
    const sentence = 'Configuration updated successfully';
    expect(await change({})).toEqual([200, sentence, settings('conf')]);
    expect(await change({ defaultCampaignPaused: true, maxMessagesPerDay: 20 })).toEqual([
      ...[200, sentence, settings('conf', { defaultCampaignPaused: true, maxMessagesPerDay: 20 })],
    ]);
    // Out of range: unchanged.
    for (const body of [
      { maxMessagesPerDay: 0 },
      { maxMessagesPerDay: 101 },
      { maxTargetsPerCampaign: 9 },
      { maxTargetsPerCampaign: 1_001 },
    ])
      expect(await change(body)).toEqual([
        ...[200, sentence, settings('conf', { defaultCampaignPaused: true, maxMessagesPerDay: 20 })],
      ]);
    expect(await change({ maxTargetsPerCampaign: 10, defaultCampaignPaused: false })).toMatchObject([
      ...[200, sentence, { maxTargetsPerCampaign: 10, defaultCampaignPaused: false }],
    ]);
  });
});

describe('the wizard', () => {
  it('previews, creates, starts at once, lists, and sees the default campaign paused', async () => {
    await bed.addMember('wiz');
    bed.referMany('wiz', 2);
    const targetFilter = {
      ...{ countries: [], registrationDateFrom: '2025-02-01T00:00:00.000Z', gender: 'all', professions: [] },
      ...{ registrationDateTo: '2026-02-31T23:59:59.999Z', subscriptionStatus: 'non-subscribed' },
      ...{ hasUnpaidReferrals: false, excludeCurrentTargets: true },
    };
    expect(await seen(me('wiz').post('/campaigns/preview', { targetFilter }))).toMatchObject([
      ...[200, undefined, { totalCount: 2 }],
    ]);
    const body = { name: 'Wizard', targetFilter, runAfterCampaignId: null, customMessages: [] };
    const [created, , campaign] = await seen(me('wiz').post('/campaigns', body));
    expect(created).toBe(201);
    const campaignId = (campaign as { _id: string })._id;
    await me('wiz').post(`/campaigns/${campaignId}/start`).expect(200);
    expect(await seen(me('wiz').get('/campaigns'))).toMatchObject([
      ...[
        200,
        undefined,
        { campaigns: [{ _id: campaignId, status: 'active', targetFilter, targetsEnrolled: 2 }] },
      ],
    ]);
    expect(await seen(me('wiz').get('/status'))).toMatchObject([
      200,
      undefined,
      { defaultCampaignPaused: true },
    ]);
  });
});

describe('GET /targets, timeline, stop, exclusions', () => {
  it('shows one’s own, and ends them', async () => {
    await bed.addMember('t1');
    bed.refer('t1', 't1-r', { name: 'Paul Martin' });
    const campaignId = await bed.createCampaign('t1');
    await me('t1').post(`/campaigns/${campaignId}/start`).expect(200);
    const [, , targets] = await seen(me('t1').get('/targets'));
    const target = {
      ...{ _id: id, referralUserId: 't1-r', referrerUserId: 't1', campaignId, status: 'active' },
      ...{ currentDay: 1, enteredLoopAt: instant, nextMessageDue: instant, lastMessageSentAt: null },
      ...{ messagesDelivered: [], exitedLoopAt: null, exitReason: null, language: 'fr' },
      ...{ why: text, whyCode: text, nextAt: instantOrNull },
      referral: { _id: 't1-r', name: 'Paul Martin', email: text, phoneNumber: text },
    };
    expect(targets).toEqual([target]);
    const targetId = (targets as { _id: string }[])[0]?._id ?? '';
    expect(await seen(me('t1').get(`/targets/${targetId}/timeline`))).toMatchObject([
      ...[
        200,
        undefined,
        { target: { _id: targetId }, entries: [{ at: instant, kind: text, sentence: text }] },
      ],
    ]);
    expect(await seen(me('t1').post(`/targets/${targetId}/stop`))).toEqual([
      ...[200, 'Target stopped', { outcome: 'stopped' }],
    ]);
    expect(await seen(me('t1').get('/targets'))).toEqual([200, undefined, []]);
    expect(await seen(me('t1').get(`/targets/${'a'.repeat(24)}/timeline`))).toEqual([
      ...[404, 'Target not found', undefined],
    ]);
  });

  it('keeps whom the member never wants to be written to', async () => {
    const exclusion = { id: text, phone: '33612345678', userId: null, at: instant };
    expect(await seen(me('t2').post('/exclusions', { phone: '+33 6 12 34 56 78' }))).toEqual([
      ...[201, undefined, exclusion],
    ]);
    expect(await seen(me('t2').get('/exclusions'))).toEqual([200, undefined, [exclusion]]);
    expect((await seen(me('t2').post('/exclusions', {})))[0]).toBe(400);
    expect((await seen(me('t2').delete('/exclusions', { phone: '33612345678' })))[0]).toBe(200);
    expect((await seen(me('t2').delete('/exclusions', { phone: '33612345678' })))[0]).toBe(404);
  });
});

describe('the rest of the member table', () => {
  it('events/ticket, help, messages/preview, connection/history, me', async () => {
    expect(await seen(me('r1').post('/events/ticket'))).toEqual([200, undefined, { ticket: text }]);
    for (let n = 0; n < 3; n += 1)
      expect(await seen(me('r1').post('/help', { message: 'Please' }))).toEqual([
        ...[202, 'Help is on its way.', undefined],
      ]);
    expect((await seen(me('r1').post('/help')))[0]).toBe(429);
    const [, , preview] = await seen(me('r1').get('/messages/preview'));
    expect(preview).toHaveLength(7);
    expect(await seen(me('r1').get('/connection/history'))).toEqual([200, undefined, []]);
    expect((await seen(me('r1').delete('/me')))[0]).toBe(200);
  });
});

describe('/internal', () => {
  it('exit-user answers always, honestly and idempotently', async () => {
    const exit = async (body: object) => {
      const { status: code, body: answer } = await bed.test.service('/exit-user', body);
      return [code, answer.message, answer.data];
    };
    const sentence = 'User removed from relance loop';
    expect(await exit({})).toEqual([400, 'userId is required', undefined]);
    expect(await exit({ userId: 'nobody' })).toEqual([200, sentence, { outcome: 'none', enrollments: 0 }]);
    await bed.addMember('e1');
    bed.referMany('e1', 2);
    const campaignId = await bed.createCampaign('e1');
    await me('e1').post(`/campaigns/${campaignId}/start`).expect(200);
    const first = [200, sentence, { outcome: 'stopped', enrollments: 1 }];
    expect(await exit({ userId: 'e1-r0', eventId: 'event-1' })).toEqual(first);
    expect(await exit({ userId: 'e1-r0', eventId: 'event-1' })).toEqual(first);
    expect(await exit({ userId: 'e1-r0' })).toEqual([200, sentence, { outcome: 'already', enrollments: 0 }]);
    expect(await exit({ userId: 'e1-r1', reason: 'manual' })).toEqual(first);
    expect((await exit({ userId: 'e1-r1', reason: 'odd' }))[0]).toBe(400);
  });

  it('referrals are counted, and the unusable named', async () => {
    const referral = { _id: 'i1-r', referrerUserId: 'i1', phoneNumber: '33612345999' };
    const push = async (referrals: unknown[]) => bed.test.service('/referrals', { referrals });
    expect((await push([referral, { _id: 'i1-x' }])).body.data).toEqual({
      ...{ added: 1, updated: 0 },
      invalid: [{ index: 1, _id: 'i1-x', message: 'referrerUserId is not a valid user id.' }],
    });
    expect((await push([referral])).body.data).toEqual({ added: 0, updated: 1, invalid: [] });
    expect((await push(Array.from({ length: 5_001 }, () => referral))).status).toBe(400);
  });
});
