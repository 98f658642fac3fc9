import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openInsightBed } from '../../test/insight-bed.ts';
import type { InsightBed } from '../../test/insight-bed.ts';
import type { ObservedMessage } from '../channels/index.ts';
import { exitReferral } from '../enrollments/exit-referral.ts';
import { holdEnrollment } from '../enrollments/index.ts';
import type { EnrollmentDoc, PersonDoc } from '../enrollments/index.ts';
import { mongoDocStore } from '../platform/doc-store.ts';
import { channelIdOf, defaultCampaignIdOf } from '../platform/ids.ts';
import { createLogger } from '../platform/logger.ts';
import { confirmationText, createInbound } from './index.ts';
import type { Inbound, InboundDeps, InboundMessageDoc, Recipient } from './index.ts';

const PHONE = '33612345678';
const LID = '1234567890@lid';
const CHANNEL = channelIdOf('m1');
const hasher = (phone: string) => `hash-of-${phone}`;

let bed: InsightBed;
let inbound: Inbound;
let deps: InboundDeps;
let confirmed: Recipient[];
let notified: { key: string; kind: string; memberId: string }[];
let signalled: string[];
let serial = 0;

beforeAll(async () => {
  bed = await openInsightBed();
  const store = mongoDocStore(bed.db);
  deps = {
    ...{ db: bed.db, clock: bed.clock, hasher },
    logger: createLogger({ level: 'error', stream: new PassThrough().resume() }),
    events: { publish: (memberId, event) => Promise.resolve(void bed.news.push({ memberId, ...event })) },
    exit: exit => exitReferral(exit, { store }),
    hold: args => holdEnrollment(args, { store }),
    sendConfirmation: person => Promise.resolve(void confirmed.push(person)),
    notify: news => Promise.resolve(void notified.push(news)),
    signal: channelId => void signalled.push(channelId),
  };
  inbound = createInbound(deps);
});
afterAll(() => bed.close());
beforeEach(async () => {
  await bed.empty();
  [confirmed, notified, signalled] = [[], [], []];
  await bed.addMember('m1');
  await bed.addMember('m2');
});

const enroll = (referral = 'r1', set: Partial<EnrollmentDoc> = {}, member = 'm1') => {
  const phone = set.phone ?? PHONE;
  return bed.enroll(member, referral, { phone, phoneHash: hasher(phone), ...set });
};
const message = (text: string, set: Partial<ObservedMessage> = {}): ObservedMessage => ({
  ...{ messageId: `IN${++serial}`, at: bed.clock.now(), phone: PHONE, lid: null, chatId: 'chat' },
  ...{ fromMe: false, kind: 'text', text, quotedMessageId: null },
  ...set,
});
const hear = (text: string, set: Partial<ObservedMessage> = {}) =>
  inbound.onMessage(CHANNEL, message(text, set));
const stateOf = async (id: string) => {
  const doc = await bed.enrollments.findOne({ _id: id });
  return doc?.status === 'active' ? (doc.held?.reason ?? 'active') : doc?.exitReason;
};
const person = (key: string) => bed.db.collection<PersonDoc>('people').findOne({ _id: key });
const noted = () => bed.db.collection<InboundMessageDoc>('inbound_messages').find().toArray();
const onReply = (value: 'stop' | 'pause' | 'continue') =>
  bed.db
    .collection<{ _id: string }>('campaigns')
    .updateOne({ _id: defaultCampaignIdOf('m1') }, { $set: { onReply: value } });

describe('an opt-out', () => {
  it('is remembered under both keys, ends the sequence and is confirmed in the language of the person', async () => {
    const { _id } = await enroll('r1', { language: 'es' });
    await hear('STOP');
    expect(await stateOf(_id)).toBe('opted_out');
    expect((await person('u:r1'))?.optedOutAt).toEqual(bed.clock.now());
    expect((await person(`p:${hasher(PHONE)}`))?.optedOutAt).toEqual(bed.clock.now());
    expect(confirmed).toEqual([
      { channelId: CHANNEL, memberId: 'm1', phone: PHONE, phoneHash: hasher(PHONE), language: 'es' },
    ]);
    expect(signalled).toEqual([CHANNEL]);
  });

  it('is found by the hidden id alone', async () => {
    const { _id } = await enroll('r1', { chat: { chatId: 'c', lid: LID } });
    await hear('stop', { phone: null, lid: LID });
    expect(await stateOf(_id)).toBe('opted_out');
    expect(confirmed).toMatchObject([{ phone: PHONE }]);
  });

  it('is found by the phone when the hidden id was never learnt', async () => {
    const { _id } = await enroll();
    await hear('stop', { lid: LID });
    expect(await stateOf(_id)).toBe('opted_out');
  });

  it("counts on the whole platform, also against another member's sequence", async () => {
    const { _id } = await enroll('r1', {}, 'm2');
    await hear('stop');
    expect(await stateOf(_id)).toBe('opted_out');
  });

  it('said twice is confirmed once', async () => {
    await enroll();
    await hear('STOP');
    await hear('STOP');
    expect(confirmed).toHaveLength(1);
  });

  it('survives that every sequence is deleted, and is not confirmed again', async () => {
    await enroll();
    await hear('STOP');
    await bed.enrollments.deleteMany({});
    await hear('STOP');
    expect((await person(`p:${hasher(PHONE)}`))?.optedOutAt).toBeTruthy();
    expect(confirmed).toHaveLength(1);
  });

  it('of a stranger is remembered, without a word back and without keeping theirs', async () => {
    await hear('stop');
    expect((await person(`p:${hasher(PHONE)}`))?.optedOutAt).toBeTruthy();
    expect(confirmed).toEqual([]);
    expect(await noted()).toMatchObject([{ text: null, handledAt: bed.clock.now() }]);
  });
});

describe('a near miss', () => {
  it('holds the sequence, makes a turn under way fail, and asks the member to look', async () => {
    const { _id, step } = await enroll();
    await hear('stop please');
    expect(await stateOf(_id)).toBe('near_miss');
    const after = await bed.enrollments.findOne({ _id });
    expect(after?.step).toMatchObject({ version: step.version + 1, tryAt: null });
    expect(notified).toMatchObject([{ kind: 'needs_attention', memberId: 'm1' }]);
    expect(bed.news).toContainEqual({ memberId: 'm1', type: 'target', data: { id: _id } });
    expect(confirmed).toEqual([]);
  });
});

describe('an answer', () => {
  it('ends the sequence and tells the member', async () => {
    const { _id } = await enroll();
    await hear('Hello, who are you?');
    expect(await stateOf(_id)).toBe('replied');
    expect((await person('u:r1'))?.repliedAt).toBeTruthy();
    expect(notified).toMatchObject([{ kind: 'replied', memberId: 'm1' }]);
    expect(await noted()).toMatchObject([{ kind: 'reply', text: 'Hello, who are you?' }]);
  });

  it('pauses or changes nothing where the campaign says so, and tells the member all the same', async () => {
    await onReply('pause');
    const { _id } = await enroll();
    await hear('hello');
    expect(await stateOf(_id)).toBe('replied');
    expect((await bed.enrollments.findOne({ _id }))?.status).toBe('active');
    await onReply('continue');
    const other = await enroll('r2', { phone: '33699999999' });
    await hear('hello', { phone: '33699999999' });
    expect(await stateOf(other._id)).toBe('active');
    expect((await person('u:r1'))?.repliedAt).toBeTruthy();
    expect((await person(`p:${hasher('33699999999')}`))?.repliedAt).toBeTruthy();
    expect(notified.map(({ kind }) => kind)).toEqual(['replied', 'replied']);
  });

  it('in many messages is told under one key', async () => {
    await onReply('continue');
    await enroll();
    for (const text of ['hello', 'are you', 'there?']) await hear(text);
    expect(new Set(notified.map(({ key }) => key)).size).toBe(1);
  });

  it.each(['reaction', 'edit', 'deletion', 'call'] as const)('is not a %s', async kind => {
    const { _id } = await enroll();
    await hear('stop', { kind });
    expect(await stateOf(_id)).toBe('active');
  });

  it('is a picture without words too', async () => {
    const { _id } = await enroll();
    await hear('', { kind: 'image' });
    expect(await stateOf(_id)).toBe('replied');
  });

  it('is not what was written before the sequence began', async () => {
    const { _id } = await enroll();
    await hear('hello', { at: new Date(bed.clock.now().getTime() - 1) });
    expect(await stateOf(_id)).toBe('active');
  });

  it("to one member leaves another member's sequence alone", async () => {
    const { _id } = await enroll('r1', {}, 'm2');
    await hear('hello');
    expect(await stateOf(_id)).toBe('active');
    expect(notified).toEqual([]);
  });

  it('of a stranger is nobody’s business and is not kept', async () => {
    await hear('hello');
    expect(await noted()).toEqual([]);
  });
});

describe('what the member writes by hand', () => {
  it('ends the sequence, remembers nothing of the person and keeps no words', async () => {
    const { _id } = await enroll();
    await hear('Hi, it is me', { fromMe: true });
    expect(await stateOf(_id)).toBe('manual');
    expect(await person('u:r1')).toBeNull();
    expect(await noted()).toMatchObject([{ kind: 'by_hand', text: null }]);
  });

  it('is not an opt-out, whatever it says', async () => {
    await enroll();
    await hear('stop', { fromMe: true });
    expect(await person(`p:${hasher(PHONE)}`)).toBeNull();
  });

  it('is not an echo of what nobody knew to be sent, or of what WhatsApp had seemed to refuse', async () => {
    const { _id } = await enroll();
    await bed.addRow(_id, { day: 1, outcome: 'unknown', messageId: null, text: 'Day 1' });
    await hear('Day 1', { fromMe: true });
    await bed.db.collection('send_outcomes').insertOne({ channelId: CHANNEL, messageId: 'REFUSED' });
    await hear('Day 2', { fromMe: true, messageId: 'REFUSED' });
    expect(await stateOf(_id)).toBe('active');
  });

  it('is not an echo of ours: by its row, by its fence, by its text before an id is known', async () => {
    const { _id } = await enroll();
    await bed.addRow(_id, { day: 1, messageId: 'OURS1' });
    await hear('Day 1', { fromMe: true, messageId: 'OURS1' });
    const fence = (messageId: string | null) => ({
      ...{ token: 't', at: bed.clock.now(), session: 1, bodyHash: 'b', messageId, text: 'Day 2' },
      ...{ mediaKind: null, chatId: 'chat', parts: 1 },
    });
    await bed.enrollments.updateOne({ _id }, { $set: { 'step.fence': fence('OURS2') } });
    await hear('Day 2', { fromMe: true, messageId: 'OURS2' });
    await bed.enrollments.updateOne({ _id }, { $set: { 'step.fence': fence(null) } });
    await hear('Day 2', { fromMe: true, messageId: 'OURS3' });
    expect(await stateOf(_id)).toBe('active');
    await hear('Something else', { fromMe: true });
    expect(await stateOf(_id)).toBe('manual');
  });
});

describe('a message that is reported again', () => {
  it('changes nothing any more', async () => {
    await enroll();
    const once = message('hello');
    await inbound.onMessage(CHANNEL, once);
    await inbound.onMessage(CHANNEL, once);
    expect(notified).toHaveLength(1);
    expect(await noted()).toHaveLength(1);
  });

  it('is gone on with where a crash stopped the first try', async () => {
    const { _id } = await enroll();
    const stop = message('STOP');
    const broken = createInbound({ ...deps, sendConfirmation: () => Promise.reject(new Error('down')) });
    await expect(broken.onMessage(CHANNEL, stop)).rejects.toThrow('down');
    expect(await stateOf(_id)).toBe('opted_out');
    await inbound.onMessage(CHANNEL, stop);
    expect(confirmed).toHaveLength(1);
    const answer = message('hello', { phone: '33699999999' });
    await enroll('r2', { phone: '33699999999' });
    const silent = createInbound({ ...deps, notify: () => Promise.reject(new Error('down')) });
    await expect(silent.onMessage(CHANNEL, answer)).rejects.toThrow('down');
    await inbound.onMessage(CHANNEL, answer);
    expect(notified).toMatchObject([{ kind: 'replied' }]);
  });
});

describe('what a process that died has noted', () => {
  it.each([
    ['STOP', false, 'opted_out'],
    ['hello', false, 'replied'],
    ['stop please', false, 'near_miss'],
    ['Hi, it is me', true, 'manual'],
  ])('%j is gone on with, although nobody reports it again', async (text, fromMe, becomes) => {
    const { _id } = await enroll('r1', { chat: { chatId: 'c', lid: LID } });
    const down = () => Promise.reject(new Error('down'));
    const dying = createInbound({ ...deps, exit: down, hold: down });
    await expect(
      dying.onMessage(CHANNEL, message(text, { phone: null, lid: LID, fromMe })),
    ).rejects.toThrow();
    expect(await stateOf(_id)).toBe('active');
    expect(await inbound.finishNoted()).toBe(0);
    bed.clock.advance(61_000);
    expect(await inbound.finishNoted()).toBe(1);
    expect(await stateOf(_id)).toBe(becomes);
    expect(confirmed).toHaveLength(becomes === 'opted_out' ? 1 : 0);
    expect(await inbound.finishNoted()).toBe(0);
  });
});

describe('the confirmation', () => {
  it.each([
    ['pt-BR', 'fr', 'Feito'],
    ['de', 'fr', 'Erledigt'],
    ['xx', 'fr', 'C’est noté'],
    [null, 'sw', 'Done'],
  ])('of %s where the platform speaks %s', (language, byDefault, begins) => {
    expect(confirmationText(language, byDefault).startsWith(begins)).toBe(true);
  });
});

it('forgets texts in time, and that somebody answered never', async () => {
  await enroll();
  await hear('my secret');
  const later = new Date(bed.clock.now().getTime() + 1);
  expect(await inbound.eraseTexts(later)).toBe(1);
  expect(await noted()).toMatchObject([{ kind: 'reply', text: null }]);
});
