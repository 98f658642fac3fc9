import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { demoImage } from './demo-image.ts';
import { openTestBed, pdf, type TestBed } from './test-bed.ts';
import type { WrittenTo } from './variables.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await openTestBed();
});
afterAll(() => bed.close());
beforeEach(() => bed.reset());

const friend: WrittenTo = { name: 'Louis Martin', firstName: null, attributes: {} };
const render = (day: number, language: string | null = 'fr', referral = friend) =>
  bed.messages.renderDay({ day, language, referral, referrerName: 'Awa', memberId: 'm1' });

describe('what one person gets', () => {
  it('pitfall: missing template, phone or user: a day without an active message is a reason, not an error', async () => {
    expect(await render(4)).toEqual({ kind: 'none', reason: 'no_message' });
    await bed.save({ dayNumber: 4, messageTemplate: { fr: 'a' }, active: false });
    expect(await render(4)).toEqual({ kind: 'none', reason: 'no_message' });
  });

  it('reads in their language, its base language, else the default one', async () => {
    await bed.save({
      dayNumber: 1,
      messageTemplate: { fr: 'Bonjour {{ firstName }}', pt: 'Olá {{ firstName }}', 'pt-br': 'Oi {{ name }}' },
    });
    const text = async (language: string | null) => {
      const rendered = await render(1, language);
      return rendered.kind === 'parts' ? rendered.parts.map(part => part.text) : rendered.reason;
    };
    expect(await text('pt')).toEqual(['Olá Louis']);
    expect(await text('pt-PT')).toEqual(['Olá Louis']);
    expect(await text('pt_BR')).toEqual(['Oi Louis Martin']);
    expect(await text('de')).toEqual(['Bonjour Louis']);
    expect(await text('not a language')).toEqual(['Bonjour Louis']);
    expect(await text(null)).toEqual(['Bonjour Louis']);
    expect(await render(1, 'fr', { name: null, firstName: null, attributes: {} })).toMatchObject({
      parts: [{ text: 'Bonjour toi' }],
    });
  });

  it('gets the attachments of the language of the text, with the text once', async () => {
    const { data: image } = await bed.upload(demoImage(), 'a.png');
    const { data: document } = await bed.upload(pdf, 'guide.pdf');
    const mediaUrls = [
      { ...image, language: 'both' },
      { ...document, language: 'en' },
    ];
    await bed.save({ dayNumber: 1, messageTemplate: { fr: 'Salut', en: 'Hi' }, mediaUrls });
    const shapes = async (language: string) => {
      const rendered = await render(1, language);
      return rendered.kind === 'parts' ? rendered.parts.map(part => [part.text, part.media?.filename]) : [];
    };
    expect(await shapes('en')).toEqual([
      ['Hi', 'a.png'],
      ['', 'guide.pdf'],
    ]);
    expect(await shapes('fr')).toEqual([['Salut', 'a.png']]);
    expect(await shapes('de')).toEqual([['Salut', 'a.png']]);
  });

  it('gets the rest when a file is gone', async () => {
    const { data: image } = await bed.upload(demoImage(), 'gone.png');
    await bed.save({ dayNumber: 1, messageTemplate: { fr: 'Salut' }, mediaUrls: [image] });
    await bed.stores.db.collection('media.files').deleteMany({ filename: image.filename });
    expect(await render(1)).toEqual({ kind: 'parts', parts: [{ text: 'Salut', media: null }] });
    expect(await bed.messages.loadMedia(image.filename)).toBeNull();
  });

  it('gets what a campaign says instead', async () => {
    const custom = { messageTemplate: { fr: 'À part' }, mediaUrls: [] };
    const rendered = await bed.messages.renderDay({
      ...{ day: 1, language: 'fr', referrerName: null, memberId: 'm1', referral: friend, custom },
    });
    expect(rendered).toEqual({ kind: 'parts', parts: [{ text: 'À part', media: null }] });
  });
});
