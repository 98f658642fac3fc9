import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MessagePart } from '../../channels/transport.ts';
import { startWebBed, type WebBed } from './test-bed.ts';

const MEMBER = '33600000001';
const FRIEND = '33611111111';
const text = (words: string): MessagePart => ({ text: words, media: null });

interface Log {
  entries: { id: string; from: string; to: string; text: string; kind: string; media: object | null }[];
}

let bed: WebBed;
beforeEach(async () => {
  bed = await startWebBed();
});
afterEach(() => bed.close());
const log = () => bed.control('GET', '/control/log') as Promise<Log>;

test('a channel shows a QR, is linked by a scan, sends, and hears how far its message came', async () => {
  const transport = bed.newTransport();
  const watched = await bed.open(transport, 'c1');
  const [code, validForMs] = await watched.first('qr');
  expect(code.split(',').length).toBeGreaterThanOrEqual(5);
  expect(validForMs).toBe(20_000);
  await bed.scan(MEMBER);
  await watched.first('linking');
  const [identity] = await watched.first('ready');
  expect(identity).toMatchObject({ phone: MEMBER, lid: expect.stringMatching(/@lid$/) as string });

  const chat = await watched.session.lookUp(FRIEND);
  expect(chat).toMatchObject({
    chatId: `${FRIEND}@c.us`,
    lid: expect.stringMatching(/^\d{15}@lid$/) as string,
  });
  const outcome = await watched.session.send(chat!.chatId, text('Hello'), null);
  expect(outcome).toMatchObject({ kind: 'sent' });
  const { entries } = await log();
  expect(entries).toMatchObject([{ from: MEMBER, to: FRIEND, text: 'Hello' }]);
  expect(outcome).toMatchObject({ messageId: entries[0]!.id });
  expect((await watched.first('receipt'))[0]).toMatchObject({ messageId: entries[0]!.id, ack: 1 });
});
