import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openContractBed, seen } from './contract-bed.ts';
import type { ContractBed } from './contract-bed.ts';

/** The cells of the campaign tables: path, request, status, sentence, fields. */
let bed: ContractBed;
beforeAll(async () => {
  bed = await openContractBed();
}, 60_000);
afterAll(() => bed.close());

const me = (memberId: string) => bed.test.member(memberId);
const NOBODYS = 'a'.repeat(24);
const text = expect.any(String) as string;
const count = expect.any(Number) as number;
const id = expect.stringMatching(/^[0-9a-f]{24}$/) as string;
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;

/** A campaign that has not begun, as JSON. */
const fresh = (memberId: string, fields: object = {}) => ({
  ...{ _id: id, userId: memberId, name: 'Spring', type: 'filtered', status: 'draft', targetFilter: {} },
  ...{ customMessages: [], maxMessagesPerDay: null, scheduledStartDate: null, runAfterCampaignId: null },
  ...{ priority: 0, onReply: 'stop', estimatedTargetCount: 0 },
  ...{ targetsEnrolled: 0, targetsCompleted: 0, targetsExited: 0, targetsReplied: 0 },
  ...{ messagesSent: 0, messagesDelivered: 0, messagesRead: 0, messagesFailed: 0, successRate: 0 },
  ...{ actualStartDate: null, startedAt: null, actualEndDate: null },
  ...{ cancelReason: null, cancellationReason: null, note: null, enrollment: null },
  ...{ createdAt: instant, updatedAt: instant },
  ...fields,
});
const target = (memberId: string, campaignId: string) => ({
  ...{ _id: id, referrerUserId: memberId, campaignId, status: 'active', currentDay: 1 },
  referralUserId: { _id: text, name: text, email: text, phoneNumber: text },
  ...{ enteredLoopAt: instant, nextMessageDue: instant, lastMessageSentAt: null, messagesDelivered: [] },
  ...{ exitedLoopAt: null, exitReason: null, language: 'fr', why: text, whyCode: text },
  nextAt: expect.toBeOneOf([null, instant]) as unknown,
});

describe('POST /campaigns/preview', () => {
  it('asks for the filter', async () => {
    for (const body of [{}, { targetFilter: null }, { targetFilter: 'x' }])
      expect(await seen(me('p1').post('/campaigns/preview', body))).toEqual([
        ...[400, 'Target filter is required', undefined],
      ]);
  });

  it.each([
    [{ countries: 'FR' }, 'targetFilter.countries must be a list'],
    [{ registrationDateFrom: 'soon' }, 'targetFilter.registrationDateFrom must be a date such as 2025-01-31'],
    [{ minAge: 'old' }, 'targetFilter.minAge must be a number of years'],
    [
      { subscriptionStatus: 'gold' },
      'targetFilter.subscriptionStatus must be one of: subscribed, non-subscribed, all, ',
    ],
  ])('refuses what would be misread: %j', async (targetFilter, sentence) => {
    expect(await seen(me('p1').post('/campaigns/preview', { targetFilter }))).toEqual([
      ...[400, sentence, undefined],
    ]);
  });

  it('counts none, one and many, with a sample of five', async () => {
    const ask = async (targetFilter: object) =>
      (await me('p2').post('/campaigns/preview', { targetFilter }).expect(200)).body.data as {
        sampleUsers: object[];
      };
    expect(await ask({})).toEqual({
      ...{ totalCount: 0, sampleUsers: [], leftOut: {} },
      message: 'No users match the selected filters',
    });
    bed.refer('p2', 'p2-a', { country: 'SN' });
    expect(await ask({ countries: ['SN'] })).toMatchObject({
      ...{ totalCount: 1, message: '1 user matches the selected filters' },
    });
    bed.referMany('p2', 6);
    const many = await ask({ countries: [], registrationDateTo: '2027-02-31T00:00:00.000Z', gender: '' });
    expect(many).toMatchObject({ totalCount: 7, message: '7 users match the selected filters' });
    expect(many.sampleUsers).toHaveLength(5);
    expect(many.sampleUsers[0]).toEqual({
      ...{ _id: 'p2-a', name: text, email: text, phoneNumber: expect.stringMatching(/^\d+$/) as string },
      ...{ country: 'SN', gender: text, profession: 'teacher', age: 30, createdAt: instant },
    });
  });

  it('says so when the user service gives no answer', async () => {
    bed.users.trouble({ call: 'referrals-for-campaign', memberId: 'p3', kind: 'status', status: 403 });
    const [status, sentence] = await seen(me('p3').post('/campaigns/preview', { targetFilter: {} }));
    expect([status, sentence]).toEqual([
      ...[503, 'The user service does not answer at the moment. Please try again shortly.'],
    ]);
  });
});

describe('POST /campaigns', () => {
  it('answers 201 with the campaign, the filter as it was sent', async () => {
    await bed.addMember('c1');
    bed.referMany('c1', 3);
    const targetFilter = { countries: ['FR'], minAge: 18, registrationDateFrom: '2025-02-31T00:00:00.000Z' };
    expect(await seen(me('c1').post('/campaigns', { name: ' Spring ', targetFilter }))).toEqual([
      ...[201, 'Campaign created successfully', fresh('c1', { targetFilter, estimatedTargetCount: 3 })],
    ]);
  });

  it('a date, or a campaign before it, makes it scheduled', async () => {
    await bed.addMember('c2');
    const parent = await bed.createCampaign('c2');
    const scheduledStartDate = '2026-04-01T08:00:00.000Z';
    const create = async (body: object) =>
      (
        await me('c2')
          .post('/campaigns', { name: 'n', targetFilter: {}, ...body })
          .expect(201)
      ).body.data;
    expect(await create({ scheduledStartDate })).toMatchObject({ status: 'scheduled', scheduledStartDate });
    expect(await create({ runAfterCampaignId: parent })).toMatchObject({
      ...{ status: 'scheduled', runAfterCampaignId: parent },
    });
    expect(await create({ runAfterCampaignId: null, scheduledStartDate: '' })).toMatchObject({
      ...{ status: 'draft', runAfterCampaignId: null, scheduledStartDate: null },
    });
    // A day that its month does not have is its last one, also here.
    expect(await create({ scheduledStartDate: '2026-04-31T08:00:00.000Z' })).toMatchObject({
      scheduledStartDate: '2026-04-30T08:00:00.000Z',
    });
  });

  it.each([
    {},
    { name: 'x' },
    { targetFilter: {} },
    { name: '', targetFilter: {} },
    { name: 'x', targetFilter: 1 },
  ])('asks for name and filter: %j', async body => {
    expect(await seen(me('c1').post('/campaigns', body))).toEqual([
      ...[400, 'Campaign name and target filter are required', undefined],
    ]);
  });

  const refused = async (memberId: string, body: object = {}) =>
    (await seen(me(memberId).post('/campaigns', { name: 'x', targetFilter: {}, ...body }))).slice(0, 2);

  it('refuses a member without the subscription, or without settings', async () => {
    bed.users.subscribe('c3', false);
    expect(await refused('c3')).toEqual([400, 'User does not have active RELANCE subscription']);
    expect(await refused('c4')).toEqual([400, 'Relance configuration not found']);
    bed.users.trouble({ call: 'has-relance-subscription', memberId: 'c4', kind: 'status', status: 403 });
    expect((await refused('c4'))[0]).toBe(503);
  });

  it('refuses more people than the limit', async () => {
    await me('c5').patch('/config', { maxTargetsPerCampaign: 10 }).expect(200);
    bed.referMany('c5', 11);
    expect(await refused('c5')).toEqual([400, 'Filter matches 11 targets, exceeds limit of 10']);
  });

  it('refuses a parent that is not there, is another’s, or is over', async () => {
    await bed.addMember('c6');
    await bed.addMember('c7');
    const others = await bed.createCampaign('c7');
    for (const runAfterCampaignId of [NOBODYS, others])
      expect(await refused('c6', { runAfterCampaignId })).toEqual([
        ...[400, 'Parent campaign not found or does not belong to user'],
      ]);
    const over = await bed.createCampaign('c6');
    await me('c6').post(`/campaigns/${over}/cancel`).expect(200);
    expect(await refused('c6', { runAfterCampaignId: over })).toEqual([
      ...[400, 'Parent campaign is already completed or cancelled'],
    ]);
    expect(await refused('c6', { runAfterCampaignId: 'x' })).toEqual([
      ...[400, 'runAfterCampaignId is not a valid id'],
    ]);
  });

  it('keeps custom messages; an address that cannot be reached is a warning, a bad template a refusal', async () => {
    await bed.addMember('c8');
    const url = 'http://127.0.0.1:9/picture.png';
    const customMessages = [
      { dayNumber: 2, messageTemplate: { fr: 'Salut {{ firstName }}' }, mediaUrls: [{ url, type: 'image' }] },
      { dayNumber: '3', messageTemplate: { fr: '', en: '' }, mediaUrls: [] },
    ];
    const [status, , data] = await seen(
      me('c8').post('/campaigns', { name: 'x', targetFilter: {}, customMessages }),
    );
    expect([status, data]).toEqual([
      201,
      expect.objectContaining({
        customMessages: [
          {
            ...{ dayNumber: 2, messageTemplate: { fr: 'Salut {{ firstName }}' } },
            mediaUrls: [{ url, type: null, warning: expect.stringMatching(/^The address /) as string }],
          },
        ],
      }),
    ]);
    const bad = [{ dayNumber: 1, messageTemplate: { fr: 'Salut {{ nobody }}' } }];
    expect(await refused('c8', { customMessages: bad })).toEqual([
      ...[400, 'messageTemplate.fr, line 1, column 10: unknown variable "nobody".'],
    ]);
  });
});

describe('GET /campaigns, /:id and /:id/targets', () => {
  let first = '';
  let second = '';
  beforeAll(async () => {
    await bed.addMember('g1');
    bed.referMany('g1', 2);
    first = await bed.createCampaign('g1', { name: 'First' });
    bed.clock.advance(1_000);
    second = await bed.createCampaign('g1', { name: 'Second', targetFilter: { countries: ['SN'] } });
    await me('g1').post(`/campaigns/${first}/start`).expect(200);
  });

  it('lists one’s own filtered ones, the newest first', async () => {
    const list = async (query: string) => (await me('g1').get(`/campaigns${query}`).expect(200)).body.data;
    const filter = { countries: ['SN'] };
    const shownSecond = fresh('g1', { _id: second, name: 'Second', targetFilter: filter });
    expect(await list('')).toEqual({
      ...{ total: 2, page: 1, totalPages: 1 },
      campaigns: [shownSecond, expect.objectContaining({ _id: first, status: 'active', targetsEnrolled: 2 })],
    });
    expect(await list('?status=draft&type=filtered&page=1&limit=10')).toEqual({
      ...{ total: 1, page: 1, totalPages: 1, campaigns: [shownSecond] },
    });
    expect(await list('?page=2&limit=1')).toMatchObject({
      ...{ total: 2, page: 2, totalPages: 2, campaigns: [{ _id: first }] },
    });
    expect(await list('?type=default')).toEqual({ campaigns: [], total: 0, page: 1, totalPages: 0 });
    expect(await list('?status=&type=all')).toMatchObject({ total: 2 });
    expect((await seen(me('g1').get('/campaigns?status=odd')))[0]).toBe(400);
  });

  it('shows one twice over: as `campaign` and at the top', async () => {
    const campaign = fresh('g1', {
      ...{ _id: first, name: 'First', status: 'active', estimatedTargetCount: 2, targetsEnrolled: 2 },
      ...{ actualStartDate: instant, startedAt: instant },
      enrollment: { state: 'done', reason: null, considered: 2, matching: 2, leftOut: {} },
    });
    const targets = [target('g1', first), target('g1', first)];
    expect(await seen(me('g1').get(`/campaigns/${first}`))).toEqual([
      ...[200, undefined, { ...campaign, campaign, targets }],
    ]);
  });

  it('pages its targets in both ways', async () => {
    expect(await seen(me('g1').get(`/campaigns/${first}/targets?page=2&limit=1&status=active`))).toEqual([
      ...[200, undefined],
      {
        ...{ targets: [target('g1', first)], total: 2, page: 2, totalPages: 2 },
        pagination: { page: 2, limit: 1, total: 2, pages: 2 },
      },
    ]);
    expect(await seen(me('g1').get(`/campaigns/${first}/targets?status=completed`))).toMatchObject([
      ...[200, undefined, { targets: [], total: 0, totalPages: 0, pagination: { pages: 0 } }],
    ]);
  });

  it('does not find what is not there, another’s, or the default one; a malformed id is 400', async () => {
    await bed.addMember('g2');
    const others = await bed.createCampaign('g2');
    for (const campaignId of [NOBODYS, others])
      for (const path of [`/campaigns/${campaignId}`, `/campaigns/${campaignId}/targets`])
        expect(await seen(me('g1').get(path))).toEqual([404, 'Campaign not found', undefined]);
    expect(await seen(me('g1').get('/campaigns/7'))).toEqual([400, 'id is not a valid id', undefined]);
  });

  it('default/stats and default/targets are not campaigns with the id `default`', async () => {
    const stats = (await me('g1').get('/campaigns/default/stats').expect(200)).body.data;
    expect(stats).toMatchObject({
      ...{ totalEnrolled: 0, activeTargets: 0, completedRelance: 0, totalMessagesSent: 0 },
      ...{ totalMessagesDelivered: 0, deliveryPercentage: 0, isPaused: true },
      dayProgression: [1, 2, 3, 4, 5, 6, 7].map(day => ({ day, count: 0 })),
      ...{ completedTargets: 0, totalTargets: 0, successRate: 0 },
      ...{
        activeCampaigns: count,
        totalMessages: 0,
        sentMessages: 0,
        deliveryRate: 0,
        totalUsersInRelance: 2,
      },
    });
    expect(await seen(me('g1').get('/campaigns/default/targets?page=1&limit=5&status=active'))).toEqual([
      ...[200, undefined, { targets: [], total: 0, page: 1, totalPages: 0 }],
    ]);
  });
});

describe('start, pause, resume, cancel', () => {
  const act = async (memberId: string, campaignId: string, verb: string, body?: object) =>
    seen(me(memberId).post(`/campaigns/${campaignId}/${verb}`, body));
  const statusOf = async (memberId: string) =>
    (await me(memberId).get('/status').expect(200)).body.data as { defaultCampaignPaused: boolean };

  it('each answers once its change is visible', async () => {
    await bed.addMember('a1');
    bed.referMany('a1', 3);
    const campaignId = await bed.createCampaign('a1');
    const stands = async (status: string, fields: object = {}) =>
      expect((await me('a1').get(`/campaigns/${campaignId}`).expect(200)).body.data).toMatchObject({
        ...{ status, ...fields },
      });
    const says = async (verb: string, sentence: string, data: object, body?: object) =>
      expect(await act('a1', campaignId, verb, body)).toMatchObject([200, sentence, data]);

    await says('start', 'Campaign started successfully', { status: 'active', targetsEnrolled: 3 });
    await stands('active', { targetsEnrolled: 3, startedAt: instant });
    expect(await statusOf('a1')).toMatchObject({ defaultCampaignPaused: true });
    await says('pause', 'Campaign paused successfully', { status: 'paused' });
    await stands('paused');
    await says('resume', 'Campaign resumed successfully', { status: 'active' });
    await stands('active');
    await says('cancel', 'Campaign cancelled successfully', { status: 'cancelled' }, { reason: 'Enough' });
    await stands('cancelled', {
      ...{ cancelReason: 'Enough', cancellationReason: 'Enough', actualEndDate: instant },
      ...{ targetsEnrolled: 3, targetsCompleted: 0, targetsExited: 3 },
    });
    expect(await statusOf('a1')).toMatchObject({ defaultCampaignPaused: false });
    const targets = await me('a1').get(`/campaigns/${campaignId}/targets`).expect(200);
    expect((targets.body.data as { targets: object[] }).targets).toMatchObject(
      [1, 2, 3].map(() => ({ status: 'completed', exitReason: 'manual' })),
    );
  });

  it('say from where they cannot be done', async () => {
    await bed.addMember('a2');
    const cannot = async (campaignId: string, status: string, verbs: string[]) => {
      for (const verb of verbs)
        expect(await act('a2', campaignId, verb)).toEqual([
          ...[400, `Cannot ${verb} campaign with status: ${status}`, undefined],
        ]);
    };
    const campaignId = await bed.createCampaign('a2');
    await cannot(campaignId, 'draft', ['pause', 'resume']);
    bed.refer('a2', 'a2-r');
    await act('a2', campaignId, 'start');
    await cannot(campaignId, 'active', ['start', 'resume']);
    await act('a2', campaignId, 'pause');
    await cannot(campaignId, 'paused', ['start', 'pause']);
    await act('a2', campaignId, 'cancel');
    await cannot(campaignId, 'cancelled', ['start', 'pause', 'resume', 'cancel']);
  });

  it('of one that is not there are 400, of another’s 404, of a malformed id 400', async () => {
    await bed.addMember('a3');
    const others = await bed.createCampaign('a3');
    for (const verb of ['start', 'pause', 'resume', 'cancel']) {
      expect(await act('a2', NOBODYS, verb)).toEqual([400, 'Campaign not found', undefined]);
      expect(await act('a2', others, verb)).toEqual([404, 'Campaign not found', undefined]);
      expect(await act('a2', 'x', verb)).toEqual([400, 'id is not a valid id', undefined]);
    }
  });
});

describe('DELETE /campaigns/:id', () => {
  it('deletes what has not begun or is over, with its targets', async () => {
    await bed.addMember('d1');
    bed.referMany('d1', 2);
    const draft = await bed.createCampaign('d1');
    expect(await seen(me('d1').delete(`/campaigns/${draft}`))).toEqual([
      ...[200, 'Campaign deleted successfully', { campaignId: draft, targetsDeleted: 0 }],
    ]);
    const run = await bed.createCampaign('d1');
    const sentence = 'Cannot delete active or paused campaigns. Please cancel the campaign first.';
    await me('d1').post(`/campaigns/${run}/start`).expect(200);
    expect(await seen(me('d1').delete(`/campaigns/${run}`))).toEqual([400, sentence, undefined]);
    await me('d1').post(`/campaigns/${run}/pause`).expect(200);
    expect(await seen(me('d1').delete(`/campaigns/${run}`))).toEqual([400, sentence, undefined]);
    await me('d1').post(`/campaigns/${run}/cancel`).expect(200);
    expect(await seen(me('d1').delete(`/campaigns/${run}`))).toEqual([
      ...[200, 'Campaign deleted successfully', { campaignId: run, targetsDeleted: 2 }],
    ]);
    expect(await seen(me('d1').get('/campaigns'))).toMatchObject([200, undefined, { total: 0 }]);
    // That they were followed up is remembered: a new campaign does not take them at once.
    const [, , preview] = await seen(me('d1').post('/campaigns/preview', { targetFilter: {} }));
    expect(preview).toMatchObject({ totalCount: 0, leftOut: { resting: 2 } });
  });

  it('does not find what is not there or another’s', async () => {
    await bed.addMember('d2');
    const others = await bed.createCampaign('d2');
    for (const campaignId of [NOBODYS, others])
      expect(await seen(me('d1').delete(`/campaigns/${campaignId}`))).toEqual([
        ...[404, 'Campaign not found', undefined],
      ]);
    expect((await seen(me('d1').delete('/campaigns/x')))[0]).toBe(400);
  });
});

describe('/admin/campaigns', () => {
  it('shows and moves anybody’s, and writes down what stood before', async () => {
    await bed.addMember('m1');
    bed.refer('m1', 'm1-r');
    const campaignId = await bed.createCampaign('m1');
    await me('m1').post(`/campaigns/${campaignId}/start`).expect(200);
    const admin = bed.test.admin();
    const list = await admin.get('/admin/campaigns?userId=m1&type=filtered&status=active&page=1&limit=5');
    expect(list.body.data).toMatchObject({ total: 1, page: 1, totalPages: 1, campaigns: [{ userId: 'm1' }] });
    const one = (await admin.get(`/admin/campaigns/${campaignId}`).expect(200)).body.data;
    // Admins get the person's id as a plain string, and the person beside it.
    const referral = { _id: 'm1-r', name: text, email: text, phoneNumber: text };
    const targets = [{ ...target('m1', campaignId), referralUserId: 'm1-r', referral }];
    expect(one).toMatchObject({ _id: campaignId, campaign: { _id: campaignId }, targets });
    expect(await seen(admin.get(`/admin/campaigns/${campaignId}/targets`))).toMatchObject([
      ...[200, undefined, { targets, total: 1, pagination: { total: 1 } }],
    ]);
    expect(await seen(admin.get('/admin/campaigns/stats'))).toEqual([
      ...[200, undefined],
      {
        ...{ totalCampaigns: count, activeCampaigns: count, completedCampaigns: count },
        ...{ totalTargetsEnrolled: count, totalMessagesSent: count, averageSuccessRate: count },
      },
    ]);
    // The admin pages send a userId along, which widens nothing.
    const body = { userId: 'm1', reason: 'Complaints' };
    for (const [verb, sentence, status] of [
      ['pause', 'Campaign paused successfully', 'paused'],
      ['resume', 'Campaign resumed successfully', 'active'],
      ['cancel', 'Campaign cancelled successfully', 'cancelled'],
    ] as const)
      expect(await seen(admin.post(`/admin/campaigns/${campaignId}/${verb}`, body))).toMatchObject([
        ...[200, sentence, { status }],
      ]);
    expect(await seen(admin.post(`/admin/campaigns/${campaignId}/pause`))).toEqual([
      ...[400, 'Cannot pause campaign with status: cancelled', undefined],
    ]);
    const audit = (await admin.get(`/admin/audit?target=${campaignId}`).expect(200)).body.data as {
      entries: object[];
    };
    expect(audit.entries).toHaveLength(3);
    expect(audit.entries).toContainEqual(
      expect.objectContaining({
        ...{ actor: 'admin', action: 'campaign.cancel', target: campaignId },
        before: { memberId: 'm1', name: 'Spring', status: 'active', cancelReason: null },
        after: { memberId: 'm1', name: 'Spring', status: 'cancelled', cancelReason: 'Complaints' },
      }),
    );
  });

  it('says what is not there', async () => {
    const admin = bed.test.admin();
    for (const path of [`/admin/campaigns/${NOBODYS}`, `/admin/campaigns/${NOBODYS}/targets`])
      expect(await seen(admin.get(path))).toEqual([404, 'Campaign not found', undefined]);
    for (const verb of ['pause', 'resume', 'cancel'])
      expect(await seen(admin.post(`/admin/campaigns/${NOBODYS}/${verb}`))).toEqual([
        ...[400, 'Campaign not found', undefined],
      ]);
  });
});
