import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MessagePart } from '../../channels/transport.ts';
import { startTestBed, type TestBed } from './test-bed.ts';

const MEMBER = '33600000001';
const FRIEND = '33611111111';
const text = (words: string): MessagePart => ({ text: words, media: null });

interface Log {
  entries: {
    id: string;
    device: string | null;
    from: string;
    to: string;
    text: string;
    acks: { ack: number }[];
  }[];
  overlaps: number;
}

let bed: TestBed;
beforeEach(async () => {
  bed = await startTestBed();
});
afterEach(() => bed.close());

const log = async (): Promise<Log> => (await bed.control('GET', '/control/log')) as Log;
const fault = (kind: string, more: object = {}) => bed.control('POST', '/control/faults', { kind, ...more });

test('a scan links the channel, a message goes out once, and its receipts come', async () => {
  const watched = await bed.link(bed.newTransport(), 'c1', MEMBER);
  expect(watched.seen.map(event => event.name)).toEqual(['qr', 'linking', 'ready']);
  expect((await watched.first('ready'))[0]).toMatchObject({ phone: MEMBER, inUseSince: null });

  const chat = await watched.session.lookUp(FRIEND);
  const id = watched.session.newMessageId();
  const outcome = await watched.session.send(chat!.chatId, text('Bonjour'), id);
  expect(outcome).toEqual({ kind: 'sent', messageId: id, lid: chat!.lid });
  expect(await log()).toMatchObject({
    overlaps: 0,
    entries: [{ id, from: MEMBER, to: FRIEND, text: 'Bonjour' }],
  });

  await bed.control('POST', `/control/numbers/${FRIEND}/read`, { from: MEMBER });
  expect((await watched.first('receipt', 3))[0]).toMatchObject({ messageId: id, ack: 3 });
});

test('a pairing code links the channel, on the phone that it was made for only', async () => {
  const watched = await bed.open(bed.newTransport(), 'c1');
  const code = await watched.session.requestPairingCode(MEMBER);
  expect(code).toMatch(/^[1-9A-Z]{8}$/);
  await expect(bed.control('POST', '/control/links/code', { code, phone: FRIEND })).rejects.toThrow('409');
  await bed.control('POST', '/control/links/code', {
    code: `${code.slice(0, 4)}-${code.slice(4)}`,
    phone: MEMBER,
  });
  await watched.first('ready');
  await expect(watched.session.requestPairingCode(MEMBER)).rejects.toMatchObject({ reason: 'not_ready' });
});

test('a stored login opens the channel in another process without a QR, and what was missed comes before ready', async () => {
  const first = await bed.link(bed.newTransport(), 'c1', MEMBER);
  const sent = await first.session.send(`${FRIEND}@c.us`, text('Bonjour'), null);
  await first.session.close();
  expect(first.seen.at(-1)).toMatchObject({ name: 'closed', args: ['closed'] });
  await bed.control('POST', `/control/numbers/${FRIEND}/say`, { to: MEMBER, text: 'STOP' });

  const again = await bed.open(bed.newTransport(), 'c1');
  await again.first('ready');
  const names = again.seen.map(event => event.name);
  expect(names).not.toContain('qr');
  expect(names.at(-1)).toBe('ready');
  const [message] = await again.first('message');
  expect(message).toMatchObject({ text: 'STOP', phone: null, fromMe: false, kind: 'text' });
  expect(message.lid).toMatch(/^\d{15}@lid$/);
  expect((await again.first('receipt'))[0].messageId).toBe(sent.messageId);
});

test('an incoming message names the hidden id that the look-up gave, and its chat has the whole history', async () => {
  const { session, first } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  const chat = await session.lookUp(FRIEND);
  await session.send(chat!.chatId, text('Bonjour'), null);
  await bed.control('POST', `/control/numbers/${FRIEND}/say`, { to: MEMBER, text: 'Oui ?' });
  const [message] = await first('message');
  expect(message.lid).toBe(chat!.lid);
  expect(message.chatId).not.toBe(chat!.chatId);
  const since = new Date(0);
  const byLid = await session.history(message.chatId, since);
  expect(byLid.map(entry => [entry.fromMe, entry.text])).toEqual([
    [true, 'Bonjour'],
    [false, 'Oui ?'],
  ]);
  expect(await session.history(chat!.chatId, since)).toEqual(byLid);
  expect(await session.history(chat!.chatId, new Date(message.at.getTime() + 1))).toEqual([]);
});

test('what the member types on the phone is seen as from me, and what this device sent is not', async () => {
  const { session, first, seen } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  await session.send(`${FRIEND}@c.us`, text('from the device'), null);
  await bed.control('POST', `/control/numbers/${MEMBER}/say`, { to: FRIEND, text: 'by hand', from: 'phone' });
  const [message] = await first('message');
  expect(message).toMatchObject({ fromMe: true, text: 'by hand', phone: FRIEND, lid: null });
  expect(seen.filter(event => event.name === 'message')).toHaveLength(1);
});

test('a number that is not on WhatsApp has no chat, and a message to it is refused', async () => {
  await bed.control('POST', '/control/numbers', { phone: FRIEND, registered: false });
  const { session } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  expect(await session.lookUp(FRIEND)).toBeNull();
  expect(await session.send(`${FRIEND}@c.us`, text('?'), 'X')).toEqual({
    kind: 'not_sent',
    reason: 'not_on_whatsapp',
    messageId: 'X',
  });
  expect((await log()).entries).toEqual([]);
});

test('an attachment arrives with its caption, its kind and its size', async () => {
  const { session } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  const media = {
    kind: 'image',
    mimeType: 'image/png',
    filename: 'a.png',
    bytes: Buffer.from('12345'),
  } as const;
  expect(await session.send(`${FRIEND}@c.us`, { text: 'caption', media }, null)).toMatchObject({
    kind: 'sent',
  });
  expect(await log()).toMatchObject({
    entries: [
      { text: 'caption', kind: 'image', media: { filename: 'a.png', size: 5, mimeType: 'image/png' } },
    ],
  });
});

test('a session that is over sends nothing, and one channel has one session', async () => {
  const transport = bed.newTransport();
  const { session } = await bed.link(transport, 'c1', MEMBER);
  await expect(bed.open(transport, 'c1')).rejects.toMatchObject({ reason: 'in_use' });
  await session.close();
  expect(session.alive).toBe(false);
  expect(await session.send(`${FRIEND}@c.us`, text('late'), 'X')).toMatchObject({
    kind: 'not_sent',
    reason: 'not_ready',
  });
  await expect(session.lookUp(FRIEND)).rejects.toMatchObject({ reason: 'not_ready' });
  await session.close();
  expect((await log()).entries).toEqual([]);
  await (await bed.open(transport, 'c1')).first('ready');
});

test('unlinking tells WhatsApp and deletes the login', async () => {
  const { session, seen } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  expect(await session.unlink()).toEqual({ unlinked: true });
  expect(bed.logins.size).toBe(0);
  expect(seen.at(-1)).toMatchObject({ name: 'closed', args: ['closed'] });
  expect(await bed.control('GET', '/control/state')).toMatchObject({ devices: [] });
});

test('a phone that unlinks the device ends the session and its login, now or at the next opening', async () => {
  const transport = bed.newTransport();
  const watched = await bed.link(transport, 'c1', MEMBER);
  await bed.control('POST', `/control/links/${bed.logins.get('c1')!.device}/unlink`);
  expect(await watched.first('closed')).toEqual(['unlinked']);
  expect(bed.logins.size).toBe(0);

  const other = await bed.link(transport, 'c2', FRIEND);
  const { device } = bed.logins.get('c2')!;
  await other.session.close();
  await bed.control('POST', `/control/links/${device}/unlink`);
  const again = await bed.open(transport, 'c2');
  expect(await again.first('closed')).toEqual(['unlinked']);
  expect(again.seen).toHaveLength(1);
});

test('a left-over login that nobody counts on leads to a QR, an expected one that is missing does not', async () => {
  const transport = bed.newTransport();
  bed.logins.set('c1', { device: 'device-nobody', key: 'k' });
  await (await bed.open(transport, 'c1', false)).first('qr');
  expect(bed.logins.has('c1')).toBe(false);
  const missing = await bed.open(transport, 'c2', true);
  expect(await missing.first('closed')).toEqual(['unlinked']);
});

test('a QR is renewed, and ends when nobody scans', async () => {
  await bed.close();
  bed = await startTestBed({ qrLifeMs: 40, maxQrs: 3 });
  const watched = await bed.open(bed.newTransport(), 'c1');
  expect(await watched.first('closed')).toEqual(['link_timeout']);
  const texts = watched.seen.flatMap(event => (event.name === 'qr' ? [event.args[0]] : []));
  expect(new Set(texts).size).toBe(3);
});

test('another browser replaces the session, and the older one does not fight back', async () => {
  const first = await bed.link(bed.newTransport(), 'c1', MEMBER);
  const second = await bed.open(bed.newTransport(), 'c1');
  expect(await first.first('closed')).toEqual(['replaced']);
  await second.first('ready');
  expect(second.session.alive).toBe(true);
  expect(bed.logins.size).toBe(1);

  await bed.control('POST', `/control/links/${bed.logins.get('c1')!.device}/conflict`);
  expect(await second.first('closed')).toEqual(['replaced']);
});

test('an event that the process may not have lived to store comes again in the next session', async () => {
  const first = await bed.link(bed.newTransport({ confirmAfterMs: 60_000 }), 'c1', MEMBER);
  await bed.control('POST', `/control/numbers/${FRIEND}/say`, { to: MEMBER, text: 'STOP' });
  await first.first('message');
  const second = await bed.open(bed.newTransport(), 'c1');
  await second.first('ready');
  expect((await second.first('message'))[0].text).toBe('STOP');
});

test('a network that cannot be reached is a typed refusal', async () => {
  const transport = bed.newTransport();
  await bed.network.close();
  await expect(bed.open(transport, 'c1')).rejects.toMatchObject({ name: 'TransportError', reason: 'launch' });
});

test('a login store that fails is a typed refusal, and the channel is not in use afterwards', async () => {
  const transport = bed.newTransport();
  const working = { ...bed.loginStore };
  bed.loginStore.load = () => Promise.reject(new Error('no database'));
  await expect(bed.open(transport, 'c1')).rejects.toMatchObject({ name: 'TransportError', reason: 'launch' });
  Object.assign(bed.loginStore, working);
  await bed.link(transport, 'c1', MEMBER);
});

test('the QR and the scan of two members at once do not mix', async () => {
  const transport = bed.newTransport();
  const [one, two] = await Promise.all([
    bed.link(transport, 'c1', MEMBER),
    bed.link(transport, 'c2', FRIEND),
  ]);
  expect((await one.first('ready'))[0].phone).toBe(MEMBER);
  expect((await two.first('ready'))[0].phone).toBe(FRIEND);
});

test('fault lost-before: nothing is accepted and the outcome is unknown', async () => {
  const { session } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  await fault('lost-before', { phone: MEMBER });
  expect(await session.send(`${FRIEND}@c.us`, text('a'), 'X')).toEqual({
    kind: 'unknown',
    reason: 'deadline',
    messageId: 'X',
  });
  expect((await log()).entries).toEqual([]);
  expect(await session.history(`${FRIEND}@c.us`, new Date(0))).toMatchObject([{ messageId: 'X', ack: 0 }]);
});

test('fault accepted-then-silence: unknown until the device connects again, then the late ack and the history say so', async () => {
  const first = await bed.link(bed.newTransport(), 'c1', MEMBER);
  await fault('accepted-then-silence', { device: bed.logins.get('c1')!.device });
  expect(await first.session.send(`${FRIEND}@c.us`, text('a'), 'X')).toMatchObject({ kind: 'unknown' });
  expect((await log()).entries).toHaveLength(1);
  expect(await first.session.history(`${FRIEND}@c.us`, new Date(0))).toMatchObject([
    { messageId: 'X', ack: 0 },
  ]);
  await first.session.close();

  const second = await bed.open(bed.newTransport(), 'c1');
  expect((await second.first('receipt'))[0]).toMatchObject({ messageId: 'X', ack: 1 });
  await second.first('ready');
  expect((await second.session.history(`${FRIEND}@c.us`, new Date(0)))[0]!.ack).toBeGreaterThanOrEqual(1);
});

test('fault accepted-then-crash: the session ends, the send is unknown, and the next session learns of it', async () => {
  const transport = bed.newTransport();
  const first = await bed.link(transport, 'c1', MEMBER);
  await fault('accepted-then-crash');
  expect(await first.session.send(`${FRIEND}@c.us`, text('a'), 'X')).toEqual({
    kind: 'unknown',
    reason: 'lost',
    messageId: 'X',
  });
  expect(await first.first('closed')).toEqual(['lost']);
  expect(first.session.alive).toBe(false);
  const second = await bed.open(transport, 'c1');
  expect((await second.first('receipt'))[0]).toMatchObject({ messageId: 'X', ack: 1 });
});

test.each([
  ['refused-463', 'refused_463'],
  ['refused-475', 'refused_475'],
])('fault %s: proved not sent, with a receipt of ack -1', async (kind, reason) => {
  const { session, first } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  await fault(kind, { phone: FRIEND, count: 2 });
  for (const id of ['X', 'Y']) {
    expect(await session.send(`${FRIEND}@c.us`, text('a'), id)).toEqual({
      kind: 'not_sent',
      reason,
      messageId: id,
    });
  }
  expect((await first('receipt'))[0]).toMatchObject({ messageId: 'X', ack: -1 });
  expect((await log()).entries).toEqual([]);
  expect(await session.send(`${FRIEND}@c.us`, text('a'), 'Z')).toMatchObject({ kind: 'sent' });
  expect(await log()).toMatchObject({ overlaps: 0, entries: [{ id: 'Z' }] });
});

test('fault ack-never: accepted, but no receipt ever; only the history of a newer session shows it', async () => {
  const first = await bed.link(bed.newTransport(), 'c1', MEMBER);
  await fault('ack-never');
  expect(await first.session.send(`${FRIEND}@c.us`, text('a'), 'X')).toMatchObject({ kind: 'unknown' });
  await first.session.close();
  const second = await bed.open(bed.newTransport(), 'c1');
  await second.first('ready');
  expect(await second.session.history(`${FRIEND}@c.us`, new Date(0))).toMatchObject([
    { messageId: 'X', ack: 1 },
  ]);
  expect(second.seen.filter(event => event.name === 'receipt')).toEqual([]);
});

test('fault ack-late: unknown at the deadline, and the receipt still comes', async () => {
  const { session, first } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  await fault('ack-late', { delayMs: 600 });
  expect(await session.send(`${FRIEND}@c.us`, text('a'), 'X')).toMatchObject({ kind: 'unknown' });
  expect((await first('receipt'))[0]).toMatchObject({ messageId: 'X', ack: 1 });
});

test('fault not-ready: proved not sent', async () => {
  const { session } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  await fault('not-ready');
  expect(await session.send(`${FRIEND}@c.us`, text('a'), 'X')).toMatchObject({
    kind: 'not_sent',
    reason: 'not_ready',
  });
  expect((await log()).entries).toEqual([]);
  expect(await session.send(`${FRIEND}@c.us`, text('a'), 'Y')).toMatchObject({ kind: 'sent' });
});

test('fault logout: the session is unlinked and what became of the send is unknown', async () => {
  const { session, first } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  await fault('logout');
  expect(await session.send(`${FRIEND}@c.us`, text('a'), 'X')).toMatchObject({
    kind: 'unknown',
    reason: 'unlinked',
  });
  expect(await first('closed')).toEqual(['unlinked']);
  expect(bed.logins.size).toBe(0);
  expect((await log()).entries).toEqual([]);
});

test('fault slow: accepted later, and never after a newer session of the device', async () => {
  const first = await bed.link(bed.newTransport({ sendConfirmMs: 5_000 }), 'c1', MEMBER);
  await fault('slow', { delayMs: 80, count: 2 });
  expect(await first.session.send(`${FRIEND}@c.us`, text('a'), 'X')).toMatchObject({ kind: 'sent' });

  const hanging = first.session.send(`${FRIEND}@c.us`, text('b'), 'Y');
  const second = await bed.open(bed.newTransport(), 'c1');
  expect(await hanging).toMatchObject({ kind: 'unknown', reason: 'replaced' });
  await second.first('ready');
  await new Promise(resolve => setTimeout(resolve, 150));
  expect((await log()).entries.map(entry => entry.id)).toEqual(['X']);
});

test('two sends of one device at once are counted, two in a row are not', async () => {
  const { session } = await bed.link(bed.newTransport({ sendConfirmMs: 5_000 }), 'c1', MEMBER);
  await session.send(`${FRIEND}@c.us`, text('a'), 'A');
  await session.send(`${FRIEND}@c.us`, text('b'), 'B');
  expect((await log()).overlaps).toBe(0);
  await Promise.all(['C', 'D'].map(id => session.send(`${FRIEND}@c.us`, text('c'), id)));
  expect((await log()).overlaps).toBe(1);
});
