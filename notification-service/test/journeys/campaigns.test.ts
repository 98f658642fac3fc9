import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eraseOldEnrollments } from '../../src/enrollments/index.ts';
import type { EnrollmentDoc } from '../../src/enrollments/index.ts';
import type { CampaignDoc, TargetFilter } from '../../src/campaigns/index.ts';
import { openContractBed, seen } from '../contract/contract-bed.ts';
import type { ContractBed } from '../contract/contract-bed.ts';
import type { FakePerson } from '../fakes/user-service.ts';
import { until } from '../test-app.ts';

/** What campaigns do by themselves and to one another, through HTTP, on real stores and a user service outside. */
let bed: ContractBed;
beforeAll(async () => {
  bed = await openContractBed();
}, 60_000);
afterAll(() => bed.close());

const HOUR = 3_600_000;
const me = (memberId: string) => bed.test.member(memberId);
const follow = () => bed.test.app.campaigns.follow();
const campaigns = () => bed.test.stores.db.collection<CampaignDoc>('campaigns');
const enrollments = () => bed.test.stores.db.collection<EnrollmentDoc>('enrollments');
const act = (memberId: string, id: string, verb: string) =>
  me(memberId).post(`/campaigns/${id}/${verb}`).expect(200);
const campaign = async (memberId: string, id: string) =>
  (await me(memberId).get(`/campaigns/${id}`).expect(200)).body.data as {
    status: string;
    note: string | null;
    runAfterCampaignId: string | null;
    targetsEnrolled: number;
    enrollment: { state: string; reason: string | null; leftOut: Record<string, number> };
    targets: { _id: string; referralUserId: { _id: string } }[];
  };
const isPaused = async (memberId: string) =>
  ((await me(memberId).get('/status').expect(200)).body.data as { defaultCampaignPaused: boolean })
    .defaultCampaignPaused;
/** Ends everybody of a campaign, as a payment would. */
const payAll = async (memberId: string, id: string) => {
  for (const { referralUserId } of (await campaign(memberId, id)).targets)
    await bed.test.service('/exit-user', { userId: referralUserId._id });
};

describe('the audience', () => {
  const word = (...words: string[]) => fc.constantFrom(...words);
  const person = fc.record<Partial<FakePerson>>({
    country: word('FR', 'SN', 'CM', ''),
    gender: word('male', 'female', ''),
    profession: word('teacher', 'nurse'),
    age: fc.integer({ min: 15, max: 80 }),
    activeSubscriptionTypes: word('', '', 'CLASSIQUE').map(type => (type === '' ? [] : [type])),
    createdAt: word('2025-02-27T00:00:00.000Z', '2025-02-28T12:00:00.000Z', '2026-01-01T00:00:00.000Z'),
    // The same number twice, none, and one that is no number.
    phoneNumber: word('', '', '', '33612345678', '12'),
  });
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const filter = fc.record<TargetFilter>({
    countries: maybe(fc.subarray(['FR', 'SN', 'XX'])),
    gender: maybe(word('all', 'male', '')),
    professions: maybe(fc.subarray(['teacher', 'nurse'])),
    minAge: maybe(fc.integer({ min: 10, max: 60 })),
    maxAge: maybe(fc.integer({ min: 30, max: 90 })),
    subscriptionStatus: maybe(word('all', 'subscribed', 'non-subscribed') as fc.Arbitrary<'all'>),
    registrationDateFrom: maybe(word('2025-02-28T00:00:00.000Z')),
    registrationDateTo: maybe(word('2025-02-31T23:59:59.999Z')),
    hasUnpaidReferrals: maybe(fc.boolean()),
    excludeCurrentTargets: maybe(fc.boolean()),
  });

  it('that was previewed is the one that is enrolled', { timeout: 240_000 }, async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(person, { maxLength: 12 }),
        filter,
        fc.nat(11),
        async (people, targetFilter, n) => {
          const memberId = `property-${(runs += 1)}`;
          await bed.addMember(memberId);
          people.forEach(({ phoneNumber, ...fields }, i) => {
            const given = phoneNumber === '' || phoneNumber === undefined ? {} : { phoneNumber };
            bed.refer(memberId, `${memberId}-${i}`, { ...fields, ...given });
          });
          // Somebody who must never be written to, whatever the filter says.
          await me(memberId)
            .post('/exclusions', { userId: `${memberId}-${n}` })
            .expect(201);
          const [, , preview] = await seen(me(memberId).post('/campaigns/preview', { targetFilter }));
          const { totalCount, sampleUsers } = preview as {
            totalCount: number;
            sampleUsers: { _id: string }[];
          };
          const id = await bed.createCampaign(memberId, { targetFilter });
          await act(memberId, id, 'start');
          const enrolled = await enrollments().find({ campaignId: id }).toArray();
          expect(enrolled.length).toBe(totalCount);
          const ids = enrolled.map(({ referralUserId }) => referralUserId);
          expect(ids).toEqual(expect.arrayContaining(sampleUsers.map(({ _id }) => _id)));
          // One without an audience may be completed by now.
          await me(memberId).post(`/campaigns/${id}/cancel`);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is larger than the room: the rest comes in as others leave, and only then it is completed', async () => {
    await me('room').patch('/config', { maxTargetsPerCampaign: 10 }).expect(200);
    bed.referMany('room', 10);
    const id = await bed.createCampaign('room');
    bed.refer('room', 'room-late');
    await act('room', id, 'start');
    expect(await campaign('room', id)).toMatchObject({
      ...{ status: 'active', targetsEnrolled: 10 },
      enrollment: { state: 'waiting', reason: 'target_limit', leftOut: { target_limit: 1 } },
    });
    await payAll('room', id);
    await follow();
    expect(await campaign('room', id)).toMatchObject({ status: 'active' });
    bed.clock.advance(HOUR);
    await follow();
    await until(async () => (await campaign('room', id)).targetsEnrolled === 11, 'the last one is in');
    await bed.test.service('/exit-user', { userId: 'room-late' });
    await until(async () => (await campaign('room', id)).status === 'completed', 'it is completed');
    expect(await isPaused('room')).toBe(false);
  });
});

describe('enrollment', () => {
  it('that gets no answer waits and is taken up again; nobody is ended for it', async () => {
    await bed.addMember('away');
    bed.referMany('away', 2);
    const id = await bed.createCampaign('away');
    bed.users.trouble({
      call: 'referrals-for-campaign',
      memberId: 'away',
      kind: 'status',
      status: 403,
      times: 1,
    });
    await act('away', id, 'start');
    expect(await campaign('away', id)).toMatchObject({
      ...{ status: 'active', targetsEnrolled: 0, enrollment: { state: 'waiting', reason: 'no_answer' } },
    });
    // The rest after a failure is the machine's; a test does not wait for it.
    await campaigns().updateOne({ _id: id }, { $set: { 'enrolling.leaseUntil': new Date(0) } });
    await follow();
    await until(async () => (await campaign('away', id)).enrollment.state === 'done', 'it is done');
    expect(await campaign('away', id)).toMatchObject({ status: 'active', targetsEnrolled: 2 });
  });

  it('of a process that has died is taken up by another, and enrolls nobody twice', async () => {
    await bed.addMember('dead');
    bed.referMany('dead', 3);
    const id = await bed.createCampaign('dead');
    await act('dead', id, 'start');
    await campaigns().updateOne(
      { _id: id },
      {
        $set: {
          'enrolling.state': 'running',
          'enrolling.token': 'gone',
          'enrolling.leaseUntil': new Date(0),
        },
      },
    );
    await enrollments().deleteOne({ campaignId: id, referralUserId: 'dead-r1' });
    await follow();
    await until(async () => (await campaign('dead', id)).enrollment.state === 'done', 'it is done');
    expect(await enrollments().countDocuments({ campaignId: id })).toBe(3);
  });

  it('stops while the member pauses enrollment, and goes on afterwards', async () => {
    await bed.addMember('hold');
    bed.referMany('hold', 2);
    await me('hold').put('/pause', { enrollmentPaused: true }).expect(200);
    const id = await bed.createCampaign('hold');
    await act('hold', id, 'start');
    expect(await campaign('hold', id)).toMatchObject({
      ...{ targetsEnrolled: 0, enrollment: { state: 'waiting', reason: 'enrollment_paused' } },
    });
    await me('hold').put('/pause', { enrollmentPaused: false }).expect(200);
    bed.clock.advance(60_000);
    await follow();
    await until(async () => (await campaign('hold', id)).targetsEnrolled === 2, 'both are in');
  });

  it('tells the member’s pages how far it has come', async () => {
    await bed.addMember('sse');
    bed.referMany('sse', 600, { country: 'FR' });
    await me('sse').patch('/config', { maxTargetsPerCampaign: 1000 }).expect(200);
    const ticket = ((await me('sse').post('/events/ticket')).body.data as { ticket: string }).ticket;
    const stream = await fetch(`${bed.test.url}/api/relance/events?ticket=${ticket}`);
    const id = await bed.createCampaign('sse');
    await act('sse', id, 'start');
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of stream.body!) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes('"finished":true')) break;
    }
    expect(text).toMatch(new RegExp(`event:campaign\\nid:[\\d-]+\\ndata:{"id":"${id}","status":"active"`));
    expect(text).toContain('"considered":500,"matching":500,"enrolled":500,"finished":false');
    expect(text).toContain('"considered":600,"matching":600,"enrolled":600,"finished":true');
  });
});

describe('by itself', () => {
  it('starts at its date, and not before', async () => {
    await bed.addMember('date');
    bed.refer('date', 'date-r');
    const at = new Date(bed.clock.now().getTime() + HOUR);
    const id = await bed.createCampaign('date', { scheduledStartDate: at.toISOString() });
    await follow();
    expect(await campaign('date', id)).toMatchObject({ status: 'scheduled' });
    bed.clock.advance(HOUR);
    await follow();
    await until(async () => (await campaign('date', id)).targetsEnrolled === 1, 'it has enrolled');
    expect(await campaign('date', id)).toMatchObject({ status: 'active', startedAt: at.toISOString() });
  });

  it('starts when the one before it is completed; a campaign without an audience is completed at once', async () => {
    await bed.addMember('chain');
    const first = await bed.createCampaign('chain', { targetFilter: { countries: ['SN'] } });
    const second = await bed.createCampaign('chain', { runAfterCampaignId: first });
    bed.refer('chain', 'chain-r', { country: 'FR' });
    await follow();
    expect(await campaign('chain', second)).toMatchObject({ status: 'scheduled' });
    await act('chain', first, 'start');
    await until(async () => {
      await follow();
      return (await campaign('chain', second)).targetsEnrolled === 1;
    }, 'the second one runs');
    expect(await campaign('chain', first)).toMatchObject({ status: 'completed', targetsEnrolled: 0 });
  });

  it.each(['cancel', 'delete'])('a parent that is gone (%s) releases its child with a reason', async how => {
    const memberId = `parent-${how}`;
    await bed.addMember(memberId);
    const parent = await bed.createCampaign(memberId, { name: 'First' });
    const child = await bed.createCampaign(memberId, { runAfterCampaignId: parent });
    const dated = await bed.createCampaign(memberId, {
      ...{ runAfterCampaignId: parent, scheduledStartDate: '2027-01-01T00:00:00.000Z' },
    });
    if (how === 'cancel') await act(memberId, parent, 'cancel');
    else await me(memberId).delete(`/campaigns/${parent}`).expect(200);
    const note = `“First”, which it waited for, was ${how === 'cancel' ? 'cancelled' : 'deleted'}.`;
    expect(await campaign(memberId, child)).toMatchObject({
      status: 'draft',
      runAfterCampaignId: null,
      note,
    });
    expect(await campaign(memberId, dated)).toMatchObject({ status: 'scheduled', runAfterCampaignId: null });
    await act(memberId, child, 'start');
  });
});

describe('the pause of the default campaign', () => {
  it('by a campaign and by hand are two facts', async () => {
    await bed.addMember('two');
    const [first, second] = [await bed.createCampaign('two'), await bed.createCampaign('two')];
    const config = (body: object) => me('two').patch('/config', body).expect(200);
    expect(await isPaused('two')).toBe(false);
    await act('two', first, 'start');
    await act('two', second, 'start');
    expect(await isPaused('two')).toBe(true);
    // Allowed side by side, it is lifted at once; forbidden, it is set again.
    expect((await config({ allowSimultaneousCampaigns: true })).body.data).toMatchObject({
      defaultCampaignPaused: false,
    });
    expect((await config({ allowSimultaneousCampaigns: false })).body.data).toMatchObject({
      defaultCampaignPaused: true,
    });
    await act('two', first, 'cancel');
    expect(await isPaused('two')).toBe(true);
    await act('two', second, 'pause');
    expect(await isPaused('two')).toBe(true);
    await config({ defaultCampaignPaused: true });
    await act('two', second, 'cancel');
    // The member's own pause stays when the last campaign ends.
    expect(await isPaused('two')).toBe(true);
    await config({ defaultCampaignPaused: false });
    expect(await isPaused('two')).toBe(false);
  });

  it('follows the campaigns also when settings change at the same moment', async () => {
    for (let n = 0; n < 5; n += 1) {
      const memberId = `race-${n}`;
      await me(memberId).patch('/config', { allowSimultaneousCampaigns: true }).expect(200);
      const id = await bed.createCampaign(memberId);
      await Promise.all([
        act(memberId, id, 'start'),
        me(memberId).patch('/config', { allowSimultaneousCampaigns: false }).expect(200),
      ]);
      const running = await campaigns().countDocuments({ _id: id, status: { $in: ['active', 'paused'] } });
      expect(await isPaused(memberId)).toBe(running > 0);
    }
  });
});

describe('a campaign for subscribers', () => {
  it('takes those who have paid; a payment does not end it, its cancellation does', async () => {
    await bed.addMember('subs');
    bed.refer('subs', 'subs-paid', { activeSubscriptionTypes: ['CLASSIQUE'] });
    bed.refer('subs', 'subs-unpaid');
    const id = await bed.createCampaign('subs', { targetFilter: { subscriptionStatus: 'subscribed' } });
    await act('subs', id, 'start');
    expect(await campaign('subs', id)).toMatchObject({
      ...{ targetsEnrolled: 1, targets: [{ referralUserId: { _id: 'subs-paid' } }] },
    });
    const answer = await bed.test.service('/exit-user', { userId: 'subs-paid' });
    expect(answer.body.data).toEqual({ outcome: 'none', enrollments: 0 });
    expect(await campaign('subs', id)).toMatchObject({ targets: [{ status: 'active' }] });
    await act('subs', id, 'cancel');
    expect(await campaign('subs', id)).toMatchObject({ targets: [{ exitReason: 'manual' }] });
  });
});

it('retention reaches the log of a campaign that was deleted', async () => {
  const deliveries = bed.test.stores.db.collection<{
    _id: string;
    enrollmentId: string;
    at: Date;
    text: string | null;
  }>('deliveries');
  const at = bed.clock.now();
  await deliveries.insertMany([
    { _id: 'old', enrollmentId: 'x', at: new Date(at.getTime() - HOUR), text: 'Bonjour' },
    { _id: 'new', enrollmentId: 'y', at, text: 'Bonjour' },
  ]);
  await eraseOldEnrollments(bed.test.stores.db, at);
  const texts = await deliveries
    .find({ _id: { $in: ['old', 'new'] } })
    .sort({ _id: 1 })
    .toArray();
  expect(texts.map(({ text }) => text)).toEqual(['Bonjour', null]);
});
