import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type InsightBed, NOW, openInsightBed } from '../../test/insight-bed.ts';
import { ask, checked, serveRoutes } from '../../test/test-http.ts';
import type { PersonDoc } from '../enrollments/index.ts';
import type { Http } from '../http/server.ts';
import type { InboundMessageDoc } from '../inbound/index.ts';
import { channelIdOf } from '../platform/ids.ts';
import { memberTargetShape, pageOf, targetShape, timelineShape } from './insight-schemas.ts';

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

const minutesLater = (minutes: number) => new Date(Date.parse(NOW) + minutes * 60_000);
const member = () => ask(http, 'm1');
const admin = () => ask(http, 'boss', 'admin');
const myTargets = async (query = '') =>
  checked(pageOf(memberTargetShape.strict()), await member().get(`/campaigns/default/targets${query}`));
const running = async () => checked(z.array(targetShape.strict()), await member().get('/targets'));

describe('targets', () => {
  it('has every field of the shape, the person inside for its member', async () => {
    const { _id } = await bed.enroll('m1', 'r1');
    await bed.addRow(_id, { day: 1 });
    await bed.enrollments.updateOne({ _id }, { $set: { 'step.day': 2, 'step.dueAt': minutesLater(1440) } });
    const { targets, ...page } = await myTargets();
    expect(page).toEqual({ total: 1, page: 1, totalPages: 1 });
    expect(targets).toEqual([
      {
        _id,
        referralUserId: {
          _id: 'r1',
          name: 'Name of r1',
          email: '',
          phoneNumber: expect.stringMatching(/^336\d{8}$/) as string,
        },
        referrerUserId: 'm1',
        campaignId: null,
        status: 'active',
        currentDay: 2,
        enteredLoopAt: new Date(NOW),
        nextMessageDue: minutesLater(1440),
        lastMessageSentAt: new Date(NOW),
        messagesDelivered: [{ day: 1, sentAt: new Date(NOW), status: 'delivered' }],
        exitedLoopAt: null,
        exitReason: null,
        language: 'fr',
        why: 'The next message is not due yet. Next try: Tuesday 11 March at 11:00 (Europe/Paris).',
        whyCode: 'not_due',
        nextAt: minutesLater(1440),
      },
    ]);
  });

  it('GET /targets is one’s own running ones, held ones included, newest first, at most 100; the id is a string', async () => {
    await bed.addMember('m2');
    await bed.enroll('m2', 'foreign');
    await bed.enroll('m1', 'over', { status: 'ended', exitReason: 'paid', exitedAt: new Date(NOW) });
    for (let i = 0; i < 105; i++) await bed.enroll('m1', `r${i}`, { enteredAt: minutesLater(i) });
    const held = { reason: 'by hand', at: new Date(NOW) };
    await bed.enrollments.updateOne({ referralUserId: 'r104' }, { $set: { held, 'step.tryAt': null } });
    const targets = await running();
    expect(targets).toHaveLength(100);
    expect(targets.map(({ referralUserId }) => referralUserId)).toEqual(
      Array.from({ length: 100 }, (_, i) => `r${104 - i}`),
    );
    expect(targets[0]).toMatchObject({ status: 'paused', whyCode: 'held', referral: { _id: 'r104' } });
  });

  it('nextMessageDue is never null while active, and null afterwards', async () => {
    const held = { reason: 'by hand', at: new Date(NOW) };
    const a = await bed.enroll('m1', 'held', { held });
    const b = await bed.enroll('m1', 'campaign');
    await bed.enrollments.updateMany({}, { $set: { 'step.tryAt': null } });
    await bed.enroll('m1', 'unknown', { step: { ...a.step, state: 'unknown' } });
    await bed.enroll('m1', 'sending', { step: { ...b.step, state: 'sending' } });
    await bed.enroll('m1', 'over', { status: 'ended', exitReason: 'paid', exitedAt: new Date(NOW) });
    const { targets } = await myTargets();
    for (const { status, nextMessageDue } of targets) {
      expect(nextMessageDue === null).toBe(status === 'completed');
    }
    expect(targets).toHaveLength(5);
  });

  it('filters by the three public statuses, and pages', async () => {
    const held = { reason: 'x', at: new Date(NOW) };
    for (let i = 0; i < 7; i++) await bed.enroll('m1', `a${i}`, { enteredAt: minutesLater(i) });
    await bed.enroll('m1', 'p', { held });
    await bed.enroll('m1', 'e', { status: 'ended', exitReason: 'replied', exitedAt: new Date(NOW) });
    const ids = async (query: string) =>
      (await myTargets(query)).targets.map(({ referralUserId }) => referralUserId._id);
    expect(await ids('?status=paused')).toEqual(['p']);
    expect(await ids('?status=completed')).toEqual(['e']);
    expect(await ids('?status=active&limit=3')).toEqual(['a6', 'a5', 'a4']);
    expect(await ids('?status=active&limit=3&page=3')).toEqual(['a0']);
    expect(await ids('?status=active&limit=3&page=9')).toEqual([]);
    expect(await myTargets('?status=&limit=4')).toMatchObject({ total: 9, page: 1, totalPages: 3 });
    expect(await myTargets('?status=all')).toMatchObject({ total: 9 });
  });

  it.each(['?status=nonsense', '?page=x', '?limit=-1', '?page=1&page=2'])(
    '%s is refused with a sentence',
    async query => {
      for (const answer of [
        await member().get(`/campaigns/default/targets${query}`),
        await admin().get(`/admin/targets${query}`),
      ]) {
        expect(answer.status).toBe(400);
        expect(answer.body).toMatchObject({
          success: false,
          message: expect.stringMatching(/^\w.+/) as string,
        });
      }
    },
  );

  it('a day of several parts is one entry; a failed one says why', async () => {
    const { _id } = await bed.enroll('m1', 'r1');
    await bed.addRow(_id, { day: 1 });
    await bed.addRow(_id, { day: 1, part: 1, outcome: 'skipped', reason: 'rest_too_late' });
    await bed.addRow(_id, { day: 2, outcome: 'skipped', reason: 'no_message' });
    await bed.addRow(_id, { day: 3, outcome: 'unknown', reason: 'possibly_sent' });
    const [target] = await running();
    expect(target?.messagesDelivered).toMatchObject([
      {
        day: 1,
        status: 'delivered',
        errorMessage: 'The rest of the day’s message came too late and was left out.',
      },
      { day: 2, status: 'failed', errorMessage: 'There was no active message for this day.' },
      {
        day: 3,
        status: 'failed',
        errorMessage: 'It may have been sent: WhatsApp gave no proof. It is never sent again.',
      },
    ]);
  });

  it('admins see everybody’s, with the id as a plain string', async () => {
    await bed.addMember('m2');
    await bed.enroll('m1', 'r1');
    await bed.enroll('m2', 'r2', { enteredAt: minutesLater(1) });
    const { targets } = checked(pageOf(targetShape.strict()), await admin().get('/admin/targets'));
    expect(targets.map(({ referralUserId, referrerUserId }) => [referralUserId, referrerUserId])).toEqual([
      ['r2', 'm2'],
      ['r1', 'm1'],
    ]);
  });
});

describe('why not sent', () => {
  const why = async () => {
    const [target] = await running();
    return [target?.whyCode, target?.nextAt ?? null] as const;
  };

  it('follows the world as it is now, not only the last look', async () => {
    const { _id } = await bed.enroll('m1', 'r1');
    expect(await why()).toEqual(['waiting_for_turn', new Date(NOW)]);
    await bed.enrollments.updateOne(
      { _id },
      {
        $set: { why: { code: 'payment_unknown', detail: null, at: new Date(NOW), nextAt: minutesLater(10) } },
      },
    );
    expect(await why()).toEqual(['payment_unknown', minutesLater(10)]);
    await bed.channels.updateOne({}, { $set: { state: 'disconnected', stateReason: 'unlinked' } });
    expect(await why()).toEqual(['channel_disconnected', null]);
    await bed.channels.updateOne({}, { $set: { 'pauses.member': true } });
    expect(await why()).toEqual(['channel_paused', null]);
    bed.sending.on = false;
    bed.sending.reason = 'A wrong text went out';
    expect(await why()).toEqual(['emergency_stop', null]);
    const [stopped] = await running();
    expect(stopped?.why).toBe('Sending is stopped for the whole platform. A wrong text went out.');
  });

  it('names what the pace waits for, and until when', async () => {
    const { _id } = await bed.enroll('m1', 'r1');
    await bed.channels.updateOne({}, { $set: { 'pace.nextAllowedAt': minutesLater(1) } });
    expect(await why()).toEqual(['waiting_for_turn', minutesLater(1)]);
    await bed.channels.updateOne({}, { $set: { 'pace.restUntil': minutesLater(15) } });
    expect(await why()).toEqual(['channel_resting', minutesLater(15)]);
    await bed.channels.updateOne({}, { $set: { 'pace.firstContactsAfter': minutesLater(60) } });
    expect(await why()).toEqual(['first_contacts_paused', minutesLater(60)]);
    await bed.enrollments.updateOne({ _id }, { $set: { 'step.rank': 1 } });
    expect(await why()).toEqual(['channel_resting', minutesLater(15)]);
    const sends = [{ at: minutesLater(-30), campaignId: null, firstContact: false }];
    await bed.channels.updateOne({}, { $set: { 'pace.sends': sends } });
    await bed.members.updateOne({}, { $set: { maxMessagesPerDay: 1 } });
    expect(await why()).toEqual(['daily_cap', minutesLater(24 * 60 - 30)]);
  });

  it('speaks the caller’s language', async () => {
    await bed.enroll('m1', 'r1', { held: { reason: 'x', at: new Date(NOW) } });
    const { body } = await ask(http, 'm1', 'user', { 'Accept-Language': 'fr-FR,fr;q=0.9,en;q=0.8' }).get(
      '/targets',
    );
    expect(body.data).toMatchObject([{ why: 'La séquence avec cette personne est en pause.' }]);
  });
});

describe('timeline', () => {
  const timeline = async (id: string) =>
    checked(timelineShape.strict(), await member().get(`/targets/${id}/timeline`));

  it('tells everything in order: what was sent, what arrived, what was said, how it ended', async () => {
    const { _id } = await bed.enroll('m1', 'r1');
    await bed.addRow(_id, { day: 1, at: minutesLater(5) });
    await bed.addReceipt('m1', `M-${_id}-1-0`, 2, minutesLater(6));
    await bed.addReceipt('m1', `M-${_id}-1-0`, 3, minutesLater(9));
    await bed.addRow(_id, {
      day: 2,
      outcome: 'skipped',
      reason: 'no_message',
      at: minutesLater(1500),
      text: null,
    });
    const answer = {
      ...{ _id: 'x', channelId: channelIdOf('m1'), memberId: 'm1', messageId: 'x', kind: 'reply' as const },
      ...{ phoneHash: 'h-r1', enrollmentId: _id, confirms: false, text: 'Who is this?' },
      ...{ at: minutesLater(1600), receivedAt: minutesLater(1600), handledAt: null },
    };
    await bed.db.collection<InboundMessageDoc>('inbound_messages').insertOne(answer);
    await bed.db
      .collection<PersonDoc>('people')
      .insertOne({ _id: 'u:r1', repliedAt: minutesLater(1600), updatedAt: minutesLater(1600) });
    await bed.enrollments.updateOne(
      { _id },
      { $set: { status: 'ended', exitReason: 'replied', exitedAt: minutesLater(1601) } },
    );
    const { entries, target } = await timeline(_id);
    expect(target).toMatchObject({ _id, status: 'completed', why: null, nextAt: null });
    expect(entries.map(({ at, kind, day, text }) => [at, kind, day, text])).toEqual([
      [new Date(NOW), 'enrolled', null, null],
      [minutesLater(5), 'sent', 1, 'Day 1'],
      [minutesLater(6), 'delivered', 1, null],
      [minutesLater(9), 'read', 1, null],
      [minutesLater(1500), 'skipped', 2, null],
      [minutesLater(1600), 'answer', null, 'Who is this?'],
      [minutesLater(1601), 'ended', null, null],
    ]);
    expect(entries.at(-1)?.sentence).toBe('The person has answered. It is your turn to talk to them.');
    expect(entries.every(({ sentence }) => /^[A-Z].*\.$/.test(sentence))).toBe(true);
  });

  it('another member’s target is 404, as one that does not exist; an admin sees it', async () => {
    await bed.addMember('m2');
    const { _id } = await bed.enroll('m2', 'r2');
    const foreign = await member().get(`/targets/${_id}/timeline`);
    const missing = await member().get(`/targets/${'0'.repeat(24)}/timeline`);
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(foreign.body.message).toBe(missing.body.message);
    // The role alone opens nothing on a member's route.
    expect((await ask(http, 'm1', 'admin').get(`/targets/${_id}/timeline`)).status).toBe(404);
    expect((await admin().get(`/admin/targets/${_id}/timeline`)).status).toBe(200);
  });

  it.each(['abc', 'X'.repeat(24), '0'.repeat(25), '%00'])('the id %s is 400', async id => {
    expect((await member().get(`/targets/${id}/timeline`)).status).toBe(400);
  });
});

it('an operator of the database in a name is no filter and widens nothing', async () => {
  await bed.addMember('m2');
  await bed.enroll('m2', 'foreign');
  await bed.enroll('m1', 'own');
  for (const query of ['?status[$ne]=1', '?userId=m2&memberId=m2', '?campaignId[$exists]=true']) {
    const { targets } = await myTargets(query);
    expect(targets.map(({ referralUserId }) => referralUserId._id)).toEqual(['own']);
  }
});
