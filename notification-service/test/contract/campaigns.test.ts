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
const id = expect.stringMatching(/^[0-9a-f]{24}$/) as string;
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;

describe('POST /campaigns/preview', () => {
  it('asks for the filter', async () => {
    for (const body of [{}, { targetFilter: null }, { targetFilter: 'x' }])
      expect(await seen(me('p1').post('/campaigns/preview', body))).toEqual([
        400,
        'Target filter is required',
        undefined,
      ]);
  });

  it('counts none, one and many, with a sample of five', async () => {
    const ask = async (targetFilter: object) =>
      (await me('p2').post('/campaigns/preview', { targetFilter }).expect(200)).body.data as {
        totalCount: number;
        sampleUsers: object[];
        message: string;
      };
    expect(await ask({})).toMatchObject({
      totalCount: 0,
      sampleUsers: [],
      message: 'No users match the selected filters',
    });
    bed.refer('p2', 'p2-a', { country: 'SN' });
    expect(await ask({ countries: ['SN'] })).toMatchObject({
      totalCount: 1,
      message: '1 user matches the selected filters',
    });
    bed.referMany('p2', 6);
    const many = await ask({ countries: [], registrationDateTo: '2027-02-31T00:00:00.000Z' });
    expect(many).toMatchObject({ totalCount: 7, message: '7 users match the selected filters' });
    expect(many.sampleUsers).toHaveLength(5);
    expect(many.sampleUsers[0]).toEqual({
      ...{ _id: 'p2-a', name: expect.any(String) as string, email: expect.any(String) as string },
      ...{ phoneNumber: expect.stringMatching(/^\d+$/) as string, country: 'SN' },
      ...{ gender: expect.any(String) as string, profession: 'teacher', age: 30, createdAt: instant },
    });
  });
});

describe('POST /campaigns', () => {
  it('answers 201 with the campaign', async () => {
    await bed.addMember('c1');
    bed.referMany('c1', 3);
    const targetFilter = { countries: ['FR'], minAge: 18 };
    const [status, message, data] = await seen(
      me('c1').post('/campaigns', { name: ' Spring ', targetFilter }),
    );
    expect([status, message]).toEqual([201, 'Campaign created successfully']);
    expect(data).toEqual({
      ...{ _id: id, userId: 'c1', name: 'Spring', type: 'filtered', status: 'draft', targetFilter },
      ...{ customMessages: [], maxMessagesPerDay: null, scheduledStartDate: null, runAfterCampaignId: null },
      ...{ priority: 0, onReply: 'stop', estimatedTargetCount: 3 },
      ...{ targetsEnrolled: 0, targetsCompleted: 0, targetsExited: 0, targetsReplied: 0 },
      ...{ messagesSent: 0, messagesDelivered: 0, messagesRead: 0, messagesFailed: 0, successRate: 0 },
      ...{ actualStartDate: null, startedAt: null, actualEndDate: null },
      ...{ cancelReason: null, cancellationReason: null, note: null, enrollment: null },
      ...{ createdAt: instant, updatedAt: instant },
    });
  });
});

describe('start', () => {
  it('enrolls at once', async () => {
    await bed.addMember('s1');
    bed.referMany('s1', 3);
    const campaignId = await bed.createCampaign('s1');
    const [status, message, data] = await seen(me('s1').post(`/campaigns/${campaignId}/start`));
    expect([status, message]).toEqual([200, 'Campaign started successfully']);
    expect(data).toMatchObject({ status: 'active', targetsEnrolled: 3 });
    const list = await me('s1').get('/campaigns').expect(200);
    expect(list.body.data).toMatchObject({ total: 1, campaigns: [{ _id: campaignId, targetsEnrolled: 3 }] });
    const status2 = await me('s1').get('/status').expect(200);
    expect(status2.body.data).toMatchObject({ defaultCampaignPaused: true });
  });
});
