import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { channelIdOf } from '../platform/ids.ts';
import { pushReferrals } from '../referrals/push-referrals.ts';
import { pushedReferrals } from '../referrals/index.ts';
import { enrollMember } from './enroll-member.ts';
import { DAY, HOUR, MINUTE, openEnrollTestBed, START } from './enroll-test-bed.ts';
import type { EnrollTestBed } from './enroll-test-bed.ts';

let bed: EnrollTestBed;
beforeAll(async () => {
  bed = await openEnrollTestBed();
});
afterAll(() => bed.close());
beforeEach(() => bed.reset());

const referral = (id: string, ageMs = 2 * HOUR, more: object = {}) => ({
  _id: id,
  referrerUserId: 'm',
  createdAt: bed.ago(ageMs),
  ...more,
});

describe('enrollment', () => {
  it('enrolls whoever is old enough, in their language and zone, and wakes the channel', async () => {
    await bed.addMember('m');
    bed.users.add(
      referral('fr', 2 * HOUR, { name: 'Zoé Petit', phoneNumber: '33612000001' }),
      referral('br', 2 * HOUR, { phoneNumber: '5511912345678', country: 'BR', language: ['pt-BR'] }),
      referral('young', 59 * MINUTE),
    );
    expect(await bed.run()).toMatchObject({ closed: null, enrolled: 2, reasons: { too_young: 1 } });
    expect(await bed.enrollment('fr')).toMatchObject({
      ...{ memberId: 'm', status: 'active', campaignType: 'default', phone: '33612000001', language: 'fr' },
      ...{
        zone: 'Europe/Paris',
        channelId: channelIdOf('m'),
        enteredAt: new Date(START),
        unpaidSeenAt: new Date(START),
      },
      phoneHash: bed.hashPhone('33612000001'),
      referral: {
        name: 'Zoé Petit',
        firstName: 'Zoé',
        country: 'FR',
        attributes: { age: 30, profession: 'teacher' },
      },
      step: {
        day: 1,
        part: 0,
        state: 'scheduled',
        rank: 2,
        version: 1,
        dueAt: new Date(START),
        tryAt: new Date(START),
      },
    });
    // 5 in the morning in São Paulo: day 1 waits for the window.
    expect(await bed.enrollment('br')).toMatchObject({
      ...{ language: 'pt', zone: 'America/Sao_Paulo' },
      step: { dueAt: new Date('2026-05-04T11:00:00Z') },
    });
    expect((await bed.channel('m')).nextActionAt).toEqual(new Date(START));
    expect(bed.woken).toEqual([channelIdOf('m')]);
  });

  it('takes each reason from the world, counts it and keeps it', async () => {
    await bed.addMember('m', {
      phone: '33611111111',
      exclusions: [
        { id: '1', phone: '33622222222', userId: null, at: new Date(START) },
        { id: '2', phone: null, userId: 'excluded', at: new Date(START) },
      ],
    });
    await bed.addMember('n', {}, { phone: '33633333333', phoneHash: bed.hashPhone('33633333333') });
    await bed.stores.db
      .collection<{ _id: string }>('people')
      .insertMany([
        { _id: 'u:paid', paidAt: new Date(START) } as { _id: string },
        { _id: `p:${bed.hashPhone('33644444444')}`, optedOutAt: new Date(START) } as { _id: string },
      ]);
    bed.users.add(
      referral('no-phone', DAY, { phoneNumber: '' }),
      referral('bad-phone', DAY, { phoneNumber: '12' }),
      referral('own', DAY, { phoneNumber: '33611111111' }),
      referral('member', DAY, { phoneNumber: '33633333333' }),
      referral('excluded'),
      referral('excluded-phone', DAY, { phoneNumber: '33622222222' }),
      referral('paid'),
      referral('opted-out', DAY, { phoneNumber: '33644444444' }),
      referral('fine', DAY, { phoneNumber: '33655555555' }),
    );
    const expected = {
      ...{ 'no-phone': 'no_phone', 'bad-phone': 'bad_phone', own: 'own_number', member: 'member_number' },
      ...{ excluded: 'excluded', 'excluded-phone': 'excluded', paid: 'paid', 'opted-out': 'opted_out' },
    };
    const report = await bed.run();
    expect(report.enrolled).toBe(1);
    expect(report.reasons).toEqual({
      ...{ no_phone: 1, bad_phone: 1, own_number: 1, member_number: 1, excluded: 2, paid: 1, opted_out: 1 },
    });
    expect(await bed.passedOver()).toEqual(expected);
  });

  it('somebody whose account is gone is not enrolled', async () => {
    await bed.addMember('m');
    bed.users.add(referral('a'), referral('gone'));
    bed.users.trouble({
      ...{ call: 'batch-details', kind: 'says' },
      body: { success: true, data: [{ _id: 'a', language: [] }] },
    });
    expect(await bed.run()).toMatchObject({ enrolled: 1, reasons: { user_gone: 1 } });
  });

  it('while nobody says in which language, they wait for the next run', async () => {
    await bed.addMember('m');
    bed.users.add(referral('a', 2 * DAY));
    bed.users.trouble({ call: 'batch-details', kind: 'status', status: 500 });
    expect(await bed.run()).toMatchObject({ enrolled: 0, reasons: { details_unknown: 1 } });
    bed.users.wellAgain();
    bed.clock.advance(HOUR);
    expect(await bed.run()).toMatchObject({ enrolled: 1 });
    expect(await bed.passedOver()).toEqual({});
  });

  it.each([
    ['disabled', { enabled: false }, {}],
    ['enrollment_paused', { enrollmentPaused: true }, {}],
    ['default_campaign_paused', { defaultCampaignPausedByMember: true }, {}],
    ['default_campaign_paused', { defaultCampaignPausedByCampaign: true }, {}],
    ['not_connected', {}, { hasLogin: false }],
    ['not_connected', {}, { stateReason: 'disconnected_by_member' }],
  ] as const)(
    '%s: nobody is enrolled, nobody is asked, and resuming misses nobody',
    async (closed, member, channel) => {
      await bed.addMember('m', member, channel);
      bed.users.add(referral('a'));
      expect(await bed.run()).toMatchObject({ closed, enrolled: 0 });
      expect(bed.users.requests).toEqual([]);
      expect((await bed.member('m')).enrollmentCursor).toBeNull();
    },
  );

  it('a pause during the run stops it before the next batch', async () => {
    await bed.addMember('m', { maxTargetsPerCampaign: 1_000 });
    bed.users.add(...Array.from({ length: 600 }, (_, i) => referral(`r${i}`)));
    const { insertedAfterPause } = await pauseDuringFirstBatch();
    expect(insertedAfterPause).toBe(500);
    expect((await bed.member('m')).enrollmentCursor).toBeNull();
    await bed.changeMember('m', { enrollmentPaused: false });
    expect(await bed.run()).toMatchObject({ enrolled: 100, known: 500 });
  });

  async function pauseDuringFirstBatch() {
    const { deps } = bed;
    const { source } = deps;
    const report = await enrollMember('m', {
      ...deps,
      source: {
        ...source,
        async unpaidReferrals(memberId, since) {
          const answer = await source.unpaidReferrals(memberId, since);
          if (!answer.complete) return answer;
          const { batches } = answer;
          return {
            ...answer,
            batches: (async function* () {
              let n = 0;
              for await (const batch of batches) {
                if (n++ === 1) await bed.changeMember('m', { enrollmentPaused: true });
                yield batch;
              }
            })(),
          };
        },
      },
    });
    expect(report.closed).toBe('enrollment_paused');
    return { insertedAfterPause: report.enrolled };
  }

  it('the target limit holds, and who did not fit is met later', async () => {
    await bed.addMember('m', { maxTargetsPerCampaign: 10 });
    bed.users.add(
      ...Array.from({ length: 25 }, (_, i) => referral(`r${String(i).padStart(2, '0')}`, DAY + i * MINUTE)),
    );
    expect(await bed.run()).toMatchObject({ enrolled: 10, reasons: { target_limit: 15 } });
    expect(await bed.run()).toMatchObject({ enrolled: 0, reasons: { target_limit: 15 } });
    await bed.changeMember('m', { maxTargetsPerCampaign: 20 });
    bed.clock.advance(DAY);
    expect(await bed.run()).toMatchObject({ enrolled: 10, reasons: { target_limit: 5 } });
    await bed.changeMember('m', { maxTargetsPerCampaign: 500 });
    bed.clock.advance(DAY);
    expect(await bed.run()).toMatchObject({ enrolled: 5 });
    expect(await bed.passedOver()).toEqual({});
  });

  it('pushed referrals are a source like the other', async () => {
    bed.deps.source = pushedReferrals(bed.stores.db);
    await bed.addMember('m');
    const rows = [referral('a', DAY, { phoneNumber: '33612000001', language: ['en'] })];
    await pushReferrals(rows, { db: bed.stores.db, clock: bed.clock });
    expect(await bed.run()).toMatchObject({ enrolled: 1 });
    expect(await bed.enrollment('a')).toMatchObject({ language: 'en' });
    await pushReferrals([{ ...rows[0], activeSubscriptionTypes: ['CLASSIQUE'] }], {
      db: bed.stores.db,
      clock: bed.clock,
    });
    bed.clock.advance(HOUR);
    expect(await bed.run()).toMatchObject({ paid: 1 });
    expect(await bed.states()).toEqual({ a: 'paid' });
  });
});

describe('the cursor', () => {
  it('an outage of days loses nobody', async () => {
    await bed.addMember('m');
    await bed.run();
    bed.users.trouble({ call: 'unpaid-referrals', kind: 'status', status: 500 });
    for (let day = 0; day < 12; day++) {
      bed.clock.advance(DAY);
      bed.users.add(referral(`r${String(day).padStart(2, '0')}`, HOUR + MINUTE));
      expect(await bed.run()).toMatchObject({ closed: 'payments_unknown', enrolled: 0 });
    }
    bed.users.wellAgain();
    expect(await bed.run()).toMatchObject({ enrolled: 12 });
  });

  it('who is too young at one run is met by the next, to the millisecond', async () => {
    await bed.addMember('m');
    await bed.run();
    bed.users.add(referral('a', HOUR - 1), referral('b', HOUR));
    expect(await bed.run()).toMatchObject({ enrolled: 1, reasons: { too_young: 1 } });
    bed.clock.advance(1);
    expect(await bed.run()).toMatchObject({ enrolled: 1 });
    expect(await bed.states()).toEqual({ a: 'active', b: 'active' });
  });
});

describe('one person, one sequence', () => {
  it('two members, one phone or one user, at the same time', async () => {
    await bed.addMember('m');
    await bed.addMember('n');
    bed.users.add(
      referral('a', DAY, { phoneNumber: '33612000001' }),
      referral('b', DAY, { referrerUserId: 'n', phoneNumber: '+33 6 12 00 00 01' }),
    );
    const [m, n] = await Promise.all([bed.run('m'), bed.run('n')]);
    expect(m.enrolled + n.enrolled).toBe(1);
    expect({ ...m.reasons, ...n.reasons }).toEqual({ running_elsewhere: 1 });
    expect(Object.values(await bed.states())).toEqual(['active']);
  });

  it('one phone twice in one answer', async () => {
    await bed.addMember('m');
    bed.users.add(
      referral('a', DAY, { phoneNumber: '33612000001' }),
      referral('b', DAY, { phoneNumber: '33612000001' }),
    );
    expect(await bed.run()).toMatchObject({ enrolled: 1, reasons: { running_elsewhere: 1 } });
  });
});

describe('is somebody still unpaid?', () => {
  const enrollThree = async () => {
    await bed.addMember('m');
    bed.users.add(referral('a', 3 * DAY), referral('b', 2 * DAY), referral('c', DAY));
    await bed.run();
    bed.clock.advance(HOUR);
  };
  const seenAt = async (id: string) => (await bed.enrollment(id)).unpaidSeenAt?.toISOString();

  it('a complete answer renews whom it contains and ends whom it misses as paid', async () => {
    await enrollThree();
    bed.users.pay('b');
    expect(await bed.run()).toMatchObject({ paid: 1, gone: 0 });
    expect(await bed.states()).toEqual({ a: 'active', b: 'paid', c: 'active' });
    expect(await seenAt('a')).toBe(bed.clock.now().toISOString());
    expect(bed.ended).toMatchObject([{ outcome: 'stopped', enrollments: 1 }]);
    const people = await bed.stores.db.collection<{ _id: string }>('people').find().toArray();
    expect(people.map(person => person._id).sort()).toEqual([
      `p:${(await bed.enrollment('b')).phoneHash}`,
      'u:b',
    ]);
  });

  it('it asks from the oldest running referral on, which the answer must cover', async () => {
    await enrollThree();
    bed.clock.advance(6 * DAY);
    await bed.run();
    const asked = bed.users.requests.filter(({ url }) => url.includes('unpaid-referrals')).at(-1);
    const since = new Date(new URL(asked?.url ?? '', 'http://x').searchParams.get('since') ?? '');
    const oldest = (await bed.enrollment('a')).referralCreatedAt;
    expect(oldest.getTime() - since.getTime()).toBe(1_000);
  });

  it('while nobody can say whether a missing person is known, nothing ends', async () => {
    await enrollThree();
    bed.users.pay('b');
    bed.users.trouble({ call: 'batch-details', kind: 'status', status: 503 });
    expect(await bed.run()).toMatchObject({ paid: 0, gone: 0, undecided: 1 });
    expect(await bed.states()).toEqual({ a: 'active', b: 'active', c: 'active' });
    expect(await seenAt('b')).toBe(START);
  });

  it.each([
    ['cut off', { kind: 'cut', bytes: 300 }],
    ['truncated', { kind: 'truncated', bytes: 300 }],
    ['not a success', { kind: 'says', body: { success: false, data: [] } }],
    ['another form', { kind: 'says', body: [] }],
  ] as const)('no payment is concluded from an answer that is %s', async (_what, trouble) => {
    await enrollThree();
    bed.users.trouble({ call: 'unpaid-referrals', ...trouble });
    expect(await bed.run()).toMatchObject({ closed: 'payments_unknown', paid: 0 });
    expect(await bed.states()).toEqual({ a: 'active', b: 'active', c: 'active' });
    expect(await seenAt('a')).toBe(START);
  });

  it('an entry that cannot be read could be anybody', async () => {
    await enrollThree();
    bed.users.trouble({
      ...{ call: 'unpaid-referrals', kind: 'says' },
      body: { success: true, data: [{ _id: 'a' }, { name: 'no id' }] },
    });
    expect(await bed.run()).toMatchObject({ paid: 0, undecided: 2 });
    expect(await bed.states()).toEqual({ a: 'active', b: 'active', c: 'active' });
    expect(await seenAt('a')).toBe(bed.clock.now().toISOString());
  });

  it('a campaign for subscribers does not ask this', async () => {
    await enrollThree();
    await bed.stores.db
      .collection('enrollments')
      .updateOne({ referralUserId: 'b' }, { $set: { forSubscribers: true } });
    bed.users.pay('b');
    expect(await bed.run()).toMatchObject({ paid: 0 });
    expect(await bed.states()).toMatchObject({ b: 'active' });
  });
});

describe('the member’s own subscription', () => {
  it('a definite no holds for three days, then ends; unknown neither holds nor ends', async () => {
    await bed.addMember('m');
    bed.users.add(referral('a'));
    await bed.run();
    bed.clock.advance(HOUR);
    bed.users.subscribe('m', false);
    expect(await bed.run()).toMatchObject({ closed: 'not_subscribed', expired: 0 });
    const noSince = bed.clock.now();
    expect((await bed.member('m')).subscription).toMatchObject({ answer: 'no', noSince });
    bed.clock.advance(3 * DAY + HOUR);
    bed.users.trouble({ call: 'has-relance-subscription', kind: 'status', status: 500, times: 3 });
    expect(await bed.run()).toMatchObject({ closed: 'subscription_unknown', expired: 0 });
    expect((await bed.member('m')).subscription).toMatchObject({ answer: 'no', noSince });
    expect(await bed.run()).toMatchObject({ closed: 'not_subscribed', expired: 1 });
    expect(await bed.states()).toEqual({ a: 'subscription_expired' });
    expect(await bed.run()).toMatchObject({ expired: 0 });
  });

  it('a yes within the days of grace lifts the hold', async () => {
    await bed.addMember('m');
    bed.users.add(referral('a'));
    await bed.run();
    bed.users.subscribe('m', false);
    await bed.run();
    bed.clock.advance(2 * DAY);
    bed.users.subscribe('m', true);
    await bed.run();
    expect((await bed.member('m')).subscription).toMatchObject({ answer: 'yes', noSince: null });
    bed.clock.advance(2 * DAY);
    await bed.run();
    expect(await bed.states()).toEqual({ a: 'active' });
  });

  it('unknown from the beginning enrolls nobody', async () => {
    await bed.addMember('m');
    bed.users.add(referral('a'));
    bed.users.trouble({ call: 'has-relance-subscription', kind: 'hangs' });
    expect(await bed.run()).toMatchObject({ closed: 'subscription_unknown', enrolled: 0 });
  });
});

describe('all members', () => {
  it('members beyond one page are met too', async () => {
    const { db } = bed.stores;
    const many = Array.from({ length: 1_100 }, (_, i) => ({
      _id: `x${String(i).padStart(4, '0')}`,
      enabled: false,
    }));
    await db.collection<{ _id: string }>('members').insertMany(many);
    expect(await bed.runAll()).toMatchObject({ members: 1_100, closed: { disabled: 1_100 } });
  });
});
