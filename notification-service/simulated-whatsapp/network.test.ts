import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { control, joinAs } from './line-for-tests.ts';
import type { LogEntry } from './log-entry.ts';
import { startNetwork, type NetworkOptions, type RunningNetwork } from './start-network.ts';

const MEMBER = '33600000001';
const FRIEND = '33611111111';

const running: RunningNetwork[] = [];
const start = async (options: NetworkOptions = {}): Promise<string> => {
  const network = await startNetwork({ linkMs: 1, ...options });
  running.push(network);
  return network.url;
};
afterEach(async () => {
  await Promise.all(running.splice(0).map(network => network.close()));
});

const log = async (url: string, query = ''): Promise<LogEntry[]> =>
  (await control(url, 'GET', `/control/log${query}`)).body['entries'] as LogEntry[];

test('two runs with one seed agree in hidden ids, ids, devices and ack times; another seed does not', async () => {
  const story = async (seed: number): Promise<unknown> => {
    let nowMs = Date.parse('2026-03-01T08:00:00Z');
    const url = await start({ seed, readShare: 1, clock: { now: () => new Date(nowMs), rate: 1 } });
    const device = await joinAs(url, { phone: MEMBER });
    device.send(null, FRIEND, 'one');
    device.send(null, '34622222222', 'two');
    await vi.waitFor(async () => expect(await log(url)).toHaveLength(2));
    nowMs += 24 * 3_600_000;
    await vi.waitFor(async () => expect((await log(url)).every(entry => entry.acks.length === 3)).toBe(true));
    const number = await control(url, 'GET', `/control/numbers/${FRIEND}`);
    const entries = (await log(url)).map(({ id, at, device: by, acks }) => ({ id, at, by, acks }));
    return { lid: number.body['lid'], entries };
  };
  const [one, same, other] = [await story(5), await story(5), await story(6)];
  expect(same).toEqual(one);
  expect(other).not.toEqual(one);
});

test('a share of the numbers that nobody named is not on WhatsApp, the same ones for a seed', async () => {
  const phones = Array.from({ length: 60 }, (_, n) => String(33610000000 + n));
  const registered = async (url: string): Promise<unknown[]> =>
    Promise.all(
      phones.map(async phone => (await control(url, 'GET', `/control/numbers/${phone}`)).body['registered']),
    );
  const [one, same] = await Promise.all([
    registered(await start({ seed: 3, unregisteredShare: 0.3 })),
    registered(await start({ seed: 3, unregisteredShare: 0.3 })),
  ]);
  expect(same).toEqual(one);
  expect(one).toContain(true);
  expect(one).toContain(false);
  expect(await registered(await start({ strict: true }))).not.toContain(true);
});

test('one id sent twice is accepted twice, in order, as the real one would', async () => {
  const url = await start();
  const device = await joinAs(url, { phone: MEMBER });
  device.send('SAME', FRIEND, 'once');
  device.send('SAME', FRIEND, 'twice');
  await device.frame({ re: 2, ok: true });
  expect((await log(url)).map(({ seq, id, text }) => [seq, id, text])).toEqual([
    [1, 'SAME', 'once'],
    [2, 'SAME', 'twice'],
  ]);
  expect((await log(url, '?after=1')).map(({ seq }) => seq)).toEqual([2]);
});

test('the log says when a send came in and when its sender was told, in real time', async () => {
  const beforeMs = Date.now();
  const clock = { now: () => new Date('2030-01-01T00:00:00Z'), rate: 1 };
  const url = await start({
    clock: { ...clock, now: () => new Date(Date.parse('2030-01-01T00:00:00Z') + (Date.now() - beforeMs)) },
  });
  const device = await joinAs(url, { phone: MEMBER });
  device.send('X', FRIEND, 'a');
  await device.frame({ ev: 'receipt' });
  const [entry] = await log(url);
  expect(entry!.receivedAtMs).toBeGreaterThanOrEqual(beforeMs);
  expect(entry!.answeredAtMs).toBeGreaterThan(entry!.receivedAtMs);
  expect(entry!.at.startsWith('2030-01-01')).toBe(true);
  expect(entry!.connection).toBeGreaterThan(0);
});

test('what waits for an away device is told once it is back, in order, until it confirms', async () => {
  const url = await start();
  const device = await joinAs(url, { phone: MEMBER });
  await device.hangUp();
  for (const text of ['one', 'two'])
    await control(url, 'POST', `/control/numbers/${FRIEND}/say`, { to: MEMBER, text });

  const back = await joinAs(url, { login: device.login });
  await back.frame({ ev: 'ready' });
  const messages = back.frames.filter(frame => frame['ev'] === 'message');
  expect(messages.map(frame => (frame['message'] as { text: string }).text)).toEqual(['one', 'two']);
  expect(back.frames.at(-1)).toMatchObject({ ev: 'ready' });
  back.say({ op: 'confirm', upTo: messages[0]!['n'] });
  back.say({ op: 'lookup', req: 1, phone: FRIEND });
  await back.frame({ re: 1 });

  const later = await joinAs(url, { login: device.login });
  await later.frame({ ev: 'ready' });
  await back.frame({ ev: 'closed', reason: 'replaced' });
  const again = later.frames.filter(frame => frame['ev'] === 'message');
  expect(again.map(frame => (frame['message'] as { text: string }).text)).toEqual(['two']);
});

test('a connection that was replaced is not heard any more', async () => {
  const url = await start();
  const device = await joinAs(url, { phone: MEMBER });
  const newer = await joinAs(url, { login: device.login });
  device.send('LATE', FRIEND, 'from a sleeper');
  await newer.frame({ ev: 'ready' });
  newer.send('X', FRIEND, 'from its successor');
  await newer.frame({ re: 1 });
  expect((await log(url)).map(({ id }) => id)).not.toContain('LATE');
});

test('a wrong key, and a device that nobody linked, are told that they are unlinked', async () => {
  const url = await start();
  const device = await joinAs(url, { phone: MEMBER });
  for (const login of [
    { device: device.login.device, key: 'wrong' },
    { device: 'device-x', key: 'y' },
  ]) {
    await (await joinAs(url, { login })).frame({ ev: 'closed', reason: 'unlinked' });
  }
  device.say({ op: 'lookup', req: 1, phone: FRIEND });
  expect(await device.frame({ re: 1 })).toMatchObject({ ok: true });
});

test('a blocked sender stays at one tick and is not seen', async () => {
  let nowMs = Date.now();
  const url = await start({ clock: { now: () => new Date(nowMs), rate: 1 }, readShare: 1 });
  const device = await joinAs(url, { phone: MEMBER });
  await control(url, 'POST', `/control/numbers/${FRIEND}/block`, { from: MEMBER });
  device.send('X', FRIEND, 'hello?');
  await device.frame({ re: 1 });
  nowMs += 24 * 3_600_000;
  await device.frame({ ev: 'receipt' });
  expect((await control(url, 'POST', `/control/numbers/${FRIEND}/read`, { from: MEMBER })).body).toEqual({
    read: 0,
  });
  expect((await log(url))[0]!.acks.map(({ ack }) => ack)).toEqual([1]);
});

test('who answers has read what was written', async () => {
  const url = await start();
  const device = await joinAs(url, { phone: MEMBER });
  device.send('X', FRIEND, 'hello?');
  await device.frame({ re: 1 });
  await control(url, 'POST', `/control/numbers/${FRIEND}/say`, { to: MEMBER, text: 'yes' });
  expect((await log(url))[0]!.acks.at(-1)!.ack).toBe(3);
});

test('two members can write to each other', async () => {
  const url = await start();
  const one = await joinAs(url, { phone: MEMBER });
  const two = await joinAs(url, { phone: FRIEND });
  one.send('X', FRIEND, 'hello');
  expect(await two.frame({ ev: 'message' })).toMatchObject({ message: { messageId: 'X', fromMe: false } });
  expect(one.frames.some(frame => frame['ev'] === 'message')).toBe(false);
});

test('reset makes it empty, and the seed begins anew', async () => {
  const url = await start();
  const device = await joinAs(url, { phone: MEMBER });
  device.send('X', FRIEND, 'a');
  await device.frame({ re: 1 });
  await control(url, 'POST', '/control/faults', { kind: 'slow' });
  await control(url, 'POST', '/control/reset');
  await device.frame({ ev: 'closed', reason: 'unlinked' });
  expect((await control(url, 'GET', '/control/state')).body).toMatchObject({
    links: [],
    devices: [],
    numbers: [],
    faults: [],
    totals: { numbers: 0, messages: 0, chats: 0 },
  });
  expect((await joinAs(url, { phone: MEMBER })).login.device).toBe(device.login.device);
});

test('numbers, devices, chats and what is still to be told survive a restart', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'network-'));
  const options = { stateFile: join(dir, 'kept', 'state.json'), logFile: join(dir, 'log.jsonl'), seed: 4 };
  const url = await start(options);
  await control(url, 'POST', '/control/numbers', {
    phone: FRIEND,
    name: 'Paul',
    since: '2020-01-01T00:00:00Z',
  });
  await control(url, 'POST', '/control/numbers', { phone: '34699999999', registered: false });
  await control(url, 'POST', '/control/faults', { kind: 'accepted-then-silence' });
  const device = await joinAs(url, { phone: MEMBER });
  device.send('X', FRIEND, 'a');
  await vi.waitFor(async () => expect((await log(url))[0]?.acks.length).toBeGreaterThan(0));
  await control(url, 'POST', `/control/numbers/${FRIEND}/say`, { to: MEMBER, text: 'b' });
  const before = (await control(url, 'GET', `/control/numbers/${FRIEND}`)).body;
  await running.splice(0)[0]!.close();

  const again = await start(options);
  expect((await control(again, 'GET', `/control/numbers/${FRIEND}`)).body).toEqual(before);
  expect((await control(again, 'GET', '/control/numbers/34699999999')).body).toMatchObject({
    registered: false,
  });
  const back = await joinAs(again, { login: device.login });
  await back.frame({ ev: 'ready' });
  expect(await back.frame({ ev: 'message' })).toMatchObject({ message: { text: 'b' } });
  expect(await back.frame({ ev: 'receipt' })).toMatchObject({ receipt: { messageId: 'X', ack: 1 } });
  back.send('Y', FRIEND, 'c');
  await back.frame({ re: 1 });
  expect((await log(again)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  const lines = (await readFile(options.logFile, 'utf8'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as object);
  expect(lines.filter(line => 'accepted' in line)).toHaveLength(3);
  await rm(dir, { recursive: true });
});

test('10,000 numbers, 25 devices and 2,500 messages are no trouble', async () => {
  const url = await start({ clock: { now: () => new Date(Date.now() * 1000), rate: 1000 } });
  const numbers = Array.from({ length: 10_000 }, (_, n) => ({
    phone: String(33610000000 + n),
    registered: true,
  }));
  expect((await control(url, 'POST', '/control/numbers', { numbers })).body).toEqual({ numbers: 10_000 });
  const devices = await Promise.all(
    Array.from({ length: 25 }, (_, n) => joinAs(url, { phone: String(33700000000 + n) })),
  );
  const startMs = performance.now();
  await Promise.all(
    devices.map(async (device, n) => {
      for (let i = 1; i <= 100; i++) {
        device.send(`M${n}-${i}`, numbers[n * 100 + i]!.phone, 'hello');
        await device.frame({ re: i });
      }
    }),
  );
  const seconds = (performance.now() - startMs) / 1000;
  expect((await control(url, 'GET', '/control/log')).body).toMatchObject({ lastSeq: 2_500 });
  expect(seconds).toBeLessThan(20);
});
