import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { demoImage } from './demo-image.ts';
import type { MessageVersionDoc } from './message-model.ts';
import { openTestBed, type TestBed, token } from './test-bed.ts';

const ADMIN = '/api/relance/admin/messages';

let bed: TestBed;
beforeAll(async () => {
  bed = await openTestBed();
});
afterAll(() => bed.close());
beforeEach(() => bed.reset());

describe('writing a day', () => {
  it('keeps it, shows it, replaces it, and remembers every version with who and when', async () => {
    expect(await bed.ask('get', `${ADMIN}/1`)).toMatchObject({ status: 404, message: 'Message not found' });
    const first = await bed.save({ dayNumber: 1, messageTemplate: { fr: 'Bonjour {{ name }}' }, extra: 1 });
    expect(first).toMatchObject({
      status: 200,
      data: {
        dayNumber: 1,
        messageTemplate: { fr: 'Bonjour {{ name }}', en: '' },
        mediaUrls: [],
        variables: ['name'],
        active: true,
        updatedAt: '2026-03-02T10:00:00.000Z',
      },
    });
    expect(first.data['_id']).toMatch(/^[0-9a-f]{24}$/);
    bed.clock.advance(1_000);
    await bed.save({ dayNumber: 1, messageTemplate: { fr: 'Salut', pt_BR: 'Oi', de: null, es: '  ' } });
    const { data } = await bed.ask<{ messageTemplate: object }[]>('get', ADMIN);
    expect(data.map(one => one.messageTemplate)).toEqual([{ en: '', fr: 'Salut', 'pt-br': 'Oi' }]);
    const versions = await bed.stores.db
      .collection<MessageVersionDoc>('message_versions')
      .find()
      .sort({ updatedAt: 1 })
      .toArray();
    expect(versions.map(({ messageTemplate, updatedBy }) => [messageTemplate, updatedBy])).toEqual([
      [{ fr: 'Bonjour {{ name }}' }, 'boss'],
      [{ fr: 'Salut', 'pt-br': 'Oi' }, 'boss'],
    ]);
    expect(bed.audit.map(({ actor, action, target }) => [actor, action, target])).toEqual([
      ['boss', 'message.save', 'day-1'],
      ['boss', 'message.save', 'day-1'],
    ]);
  });

  it('accepts whatever GET returned', async () => {
    const { data: picture } = await bed.upload(demoImage(), 'sun.png');
    await bed.save({
      dayNumber: 3,
      messageTemplate: { fr: 'a', en: 'b' },
      mediaUrls: [{ url: picture.url, type: 'image' }],
      active: false,
    });
    const before = (await bed.ask<object>('get', `${ADMIN}/3`)).data;
    expect((await bed.save(before)).status).toBe(200);
    expect((await bed.ask('get', `${ADMIN}/3`)).data).toEqual(before);
    expect(before).toMatchObject({
      active: false,
      mediaUrls: [{ url: picture.url, type: 'image', size: picture.size }],
    });
  });

  it.each([
    [{}, 'Valid dayNumber (1-7) is required'],
    [{ dayNumber: 8, messageTemplate: { fr: 'a' } }, 'Valid dayNumber (1-7) is required'],
    [{ dayNumber: 0, messageTemplate: { fr: 'a' } }, 'Valid dayNumber (1-7) is required'],
    [{ dayNumber: 1.5, messageTemplate: { fr: 'a' } }, 'Valid dayNumber (1-7) is required'],
    [{ dayNumber: 'x', messageTemplate: {} }, 'Valid dayNumber (1-7) is required'],
    [{ dayNumber: 1 }, 'messageTemplate.fr is required'],
    [{ dayNumber: 1, messageTemplate: 'x' }, 'messageTemplate.fr is required'],
    [{ dayNumber: 1, messageTemplate: { en: 'hi', fr: ' ' } }, 'messageTemplate.fr is required'],
    [{ dayNumber: 1, messageTemplate: { fr: 7 } }, 'messageTemplate.fr must be a text'],
    [
      { dayNumber: 1, messageTemplate: { fr: 'a', en: 'x\n{{ nmae }}' } },
      'messageTemplate.en, line 2, column 4: unknown variable "nmae".',
    ],
    [
      { dayNumber: 1, messageTemplate: { fr: '{% if name %}' } },
      'messageTemplate.fr, line 1, column 1: "if" is never ended.',
    ],
    [{ dayNumber: 1, messageTemplate: { fr: 'a' }, mediaUrls: [{}] }, 'mediaUrls.0.url is required'],
  ])('refuses %j', async (body, message) => {
    expect(await bed.save(body)).toMatchObject({ status: 400, success: false, message });
    expect(await bed.stores.db.collection('messages').countDocuments()).toBe(0);
  });

  it('says line, column and language in the details, for every mistake', async () => {
    const { details } = await bed.save({
      dayNumber: 1,
      messageTemplate: { fr: '{{ a }}', en: '{{ b | c }}' },
    });
    expect(details).toMatchObject({ language: 'fr', line: 1, column: 4, problem: 'unknown variable "a"' });
    expect(details['mistakes']).toHaveLength(2);
  });

  it('is for administrators, with a day of the seven', async () => {
    expect((await bed.ask('get', ADMIN, undefined, token('user'))).status).toBe(403);
    expect((await bed.ask('post', '/api/relance/admin/upload-media', undefined, token('user'))).status).toBe(
      403,
    );
    expect(await bed.ask('get', `${ADMIN}/8`)).toMatchObject({
      status: 400,
      message: 'Valid dayNumber (1-7) is required',
    });
  });

  it('deactivates, once and again, and still lists the day', async () => {
    await bed.save({ dayNumber: 2, messageTemplate: { fr: 'a' } });
    for (let i = 0; i < 2; i++) {
      expect(await bed.ask('delete', `${ADMIN}/2`)).toMatchObject({
        ...{ status: 200, message: 'Message deactivated' },
        data: { active: false },
      });
    }
    expect(bed.audit.map(({ action }) => action)).toEqual(['message.save', 'message.deactivate']);
    expect((await bed.ask<unknown[]>('get', ADMIN)).data).toHaveLength(1);
    expect((await bed.ask('delete', `${ADMIN}/5`)).status).toBe(404);
  });
});

describe('previews and tests', () => {
  interface Preview {
    previews: {
      language: string;
      text: string;
      parts: { kind: string; text: string; media: object | null }[];
    }[];
  }

  it('shows a draft in each language as bubbles, and refuses what a save refuses', async () => {
    const { data: image } = await bed.upload(demoImage(), 'a.png');
    const { data } = await bed.ask<Preview>('post', `${ADMIN}/preview`, {
      ...{ dayNumber: 2, mediaUrls: [image], sample: { name: null } },
      messageTemplate: { fr: '{{ name }} {{ day }}', en: '{{ name }}, it’s {{ referrerName }}' },
    });
    expect(data.previews.map(({ language, text }) => [language, text])).toEqual([
      ['fr', 'toi 2'],
      ['en', 'friend, it’s Awa Diallo'],
    ]);
    expect(data.previews[0]?.parts).toEqual([
      { kind: 'image', text: 'toi 2', media: { url: image.url, filename: 'a.png' } },
    ]);
    const wrong = await bed.ask('post', `${ADMIN}/preview`, { messageTemplate: { fr: '{{ x }}' } });
    expect(wrong).toMatchObject({
      status: 400,
      message: 'messageTemplate.fr, line 1, column 4: unknown variable "x".',
    });
  });

  it('shows a saved day in one language', async () => {
    await bed.save({ dayNumber: 2, messageTemplate: { fr: 'Salut {{ firstName }}' } });
    const { data } = await bed.ask<Preview>('post', `${ADMIN}/preview`, {
      dayNumber: 2,
      language: 'es',
      sample: { name: 'Ana B' },
    });
    expect(data.previews).toMatchObject([{ language: 'es', usedLanguage: 'fr', text: 'Salut Ana' }]);
    expect((await bed.ask('post', `${ADMIN}/preview`, { dayNumber: 6 })).status).toBe(404);
    expect((await bed.ask('post', `${ADMIN}/preview`, {})).status).toBe(400);
  });

  it('sends a test through the admin’s own channel', async () => {
    const { data: image } = await bed.upload(demoImage(), 'a.png');
    await bed.save({
      dayNumber: 2,
      messageTemplate: { fr: 'Salut {{ firstName }}' },
      mediaUrls: [image],
      active: false,
    });
    const answer = await bed.ask('post', `${ADMIN}/2/test`, {
      phone: '+33 6 12 00 01 01',
      sample: { name: 'Ana B' },
    });
    expect(answer).toMatchObject({ status: 202, data: { id: 'a'.repeat(24) } });
    expect(bed.sentTests).toEqual([
      {
        memberId: 'boss',
        phone: '33612000101',
        parts: [{ text: 'Salut Ana', mediaFilename: image.filename }],
      },
    ]);
    expect(bed.audit.at(-1)).toMatchObject({ action: 'message.test', target: 'day-2' });
    expect((await bed.ask('post', `${ADMIN}/2/test`, { phone: 'x' })).status).toBe(400);
    expect((await bed.ask('post', `${ADMIN}/3/test`, { phone: '33612000101' })).status).toBe(404);
    expect(bed.sentTests).toHaveLength(1);
  });

  it('shows a member the seven texts as their friends get them', async () => {
    await bed.save({
      dayNumber: 1,
      messageTemplate: { fr: 'C’est {{ referrerName }}', en: 'It’s {{ referrerName }}' },
    });
    await bed.save({ dayNumber: 2, messageTemplate: { fr: 'b' }, active: false });
    const path = '/api/relance/messages/preview';
    const mine = await bed.ask<{ text: string; active: boolean }[]>(
      'get',
      path,
      undefined,
      token('user', 'm1', 'Awa'),
    );
    expect(mine.data).toHaveLength(7);
    expect(mine.data[0]).toEqual({
      ...{ dayNumber: 1, active: true, language: 'fr', text: 'C’est Awa' },
      parts: [{ kind: 'text', text: 'C’est Awa', media: null }],
    });
    expect(mine.data[1]).toMatchObject({ active: false, text: '' });
    const english = await bed.ask<{ text: string }[]>(
      'get',
      `${path}?language=en`,
      undefined,
      token('user', 'm1', 'Awa'),
    );
    expect(english.data[0]?.text).toBe('It’s Awa');
    expect((await bed.messages.previewFor({ name: null, language: 'en' }))[0]?.text).toBe('It’s a friend');
  });

  it('is described', () => {
    const paths = Object.keys(bed.http.openApiDocument.paths ?? {});
    for (const { path } of bed.messages.routes) expect(paths).toContain(path);
  });
});
