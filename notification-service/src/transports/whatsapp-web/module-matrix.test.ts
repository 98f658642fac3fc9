import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MessagePart } from '../../channels/transport.ts';
import { MODULES } from './module-needs.ts';
import { startWebBed, type WebBed } from './test-bed.ts';

/** How an update of WhatsApp looks: each module that the library touches is taken away in turn. */
const MEMBER = '33600000001';
const FRIEND = '33611111111';
const text: MessagePart = { text: 'Hello', media: null };
const image: MessagePart = {
  text: 'caption',
  media: { kind: 'image', mimeType: 'image/png', filename: 'a.png', bytes: Buffer.from('12345') },
};

let bed: WebBed;
beforeEach(async () => {
  bed = await startWebBed();
});
afterEach(() => bed.close());

/** What the member's session says it lacks. */
const named = () => String(bed.warnings.at(-1)?.['sentence']);

test.each(MODULES.start)('without %s: no code, and it is named as the one that is missing', async module => {
  await bed.page({ omit: [module] });
  const watched = await bed.open(bed.newTransport({ startMs: 4_000 }), 'c1');
  expect(await watched.first('closed')).toEqual(['outdated']);
  expect(named()).toContain(module);
});

test.each([...MODULES.ready, ...MODULES.listen])(
  'without %s: linked but never ready, and it is named',
  async module => {
    await bed.page({ omit: [module] });
    const watched = await bed.open(bed.newTransport({ startMs: 2_500 }), 'c1');
    await watched.first('qr');
    await bed.scan(MEMBER);
    expect(await watched.first('closed')).toEqual(['outdated']);
    expect(named()).toContain(module);
    expect(watched.seen.map(({ name }) => name)).not.toContain('ready');
  },
);

test.each(MODULES.send)('without %s: receiving works, and a send is proved not sent', async module => {
  await bed.page({ omit: [module] });
  const { session, first } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  await bed.control('POST', `/control/numbers/${FRIEND}/say`, { to: MEMBER, text: 'Hi' });
  expect((await first('message'))[0].text).toBe('Hi');
  expect(await session.send(`${FRIEND}@c.us`, text, null)).toMatchObject({
    kind: 'not_sent',
    reason: 'not_ready',
  });
  expect(await bed.control('GET', '/control/log')).toMatchObject({ entries: [{ text: 'Hi' }] });
});

test.each(MODULES.media)('without %s: text goes out, an attachment is proved not sent', async module => {
  await bed.page({ omit: [module] });
  const { session } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  expect(await session.send(`${FRIEND}@c.us`, image, null)).toMatchObject({
    kind: 'not_sent',
    reason: 'not_ready',
  });
  expect(await session.send(`${FRIEND}@c.us`, text, null)).toMatchObject({ kind: 'sent' });
});
