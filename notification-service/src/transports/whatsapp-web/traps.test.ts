import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { MessagePart, Transport } from '../../channels/transport.ts';
import { createStartTurns } from './start-turns.ts';
import { SECRET, startWebBed, type Watched, type WebBed } from './test-bed.ts';

/** One test for each trap that whatsapp-web.js 1.34.7 sets, by its number, through the unmodified library in Chromium. */
const MEMBER = '33600000001';
const FRIEND = '33611111111';
const CHAT = `${FRIEND}@c.us`;
const text = (words: string): MessagePart => ({ text: words, media: null });

let bed: WebBed;
beforeEach(async () => {
  bed = await startWebBed();
});
afterEach(() => bed.close());

const log = async () =>
  ((await bed.control('GET', '/control/log')) as { entries: { id: string; text: string }[] }).entries;
const device = async () =>
  ((await bed.control('GET', '/control/state')) as { devices: { device: string }[] }).devices[0]!.device;
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
const fault = (kind: string, more: object = {}) => bed.control('POST', '/control/faults', { kind, ...more });

/** Processes that have this channel's profile. */
async function browsersOf(channelId: string): Promise<number[]> {
  const wanted = `--user-data-dir=${join(bed.dataDir, channelId, 'session')}`;
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, at) => lines[at]!.split('\0').includes(wanted)).map(Number);
}

/** The pid of the browser itself: the one that is no child of another of them. */
async function browserOf(channelId: string): Promise<number> {
  for (const pid of await browsersOf(channelId)) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line !== '' && !line.includes('--type=')) return pid;
  }
  throw new Error('There is no browser.');
}

async function rendererOf(channelId: string): Promise<number> {
  const group = await browserOf(channelId);
  for (const name of (await readdir('/proc')).filter(one => /^\d+$/.test(one))) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (
      line.includes('--type=renderer') &&
      stat.slice(stat.lastIndexOf(')')).split(' ')[3] === String(group)
    ) {
      return Number(name);
    }
  }
  throw new Error('There is no renderer.');
}

/** Opened again with its login, it becomes ready without a QR. */
async function comesBack(transport: Transport, channelId: string): Promise<Watched> {
  const again = await bed.open(transport, channelId, true);
  await Promise.race([again.first('ready'), again.first('closed')]);
  expect(again.seen.map(({ name }) => name)).not.toContain('qr');
  expect(again.seen.map(({ name }) => name)).toContain('ready');
  return again;
}

/** A process of its own that has this channel open and ready. */
async function childWith(channelId: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('./test-child.ts', import.meta.url));
  const place = [bed.dataDir, bed.network.url, channelId, bed.mongoUri, SECRET];
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...place], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  expect(String((await once(child.stdout, 'data'))[0])).toContain('ready');
  return child;
}

describe('trap 1: initialize() hangs for ever', () => {
  test.each(['server', 'opening'])(
    'with a page that stands still (%s): a deadline, and no process is left',
    async hang => {
      await bed.page({ hang });
      const watched = await bed.open(bed.newTransport({ startMs: 2_000, stopMs: 2_000 }), 'c1');
      expect(await watched.first('closed')).toEqual(['hung']);
      expect(await browsersOf('c1')).toEqual([]);
      expect(watched.session.alive).toBe(false);
    },
  );

  test('closing a session that is still starting leaves no process', async () => {
    const transport = bed.newTransport();
    const watched = await bed.open(transport, 'c1');
    await watched.session.close();
    expect(await watched.first('closed')).toEqual(['closed']);
    expect(await browsersOf('c1')).toEqual([]);
    await (await bed.open(transport, 'c1')).first('qr');
  });
});

describe('trap 2: failures are thrown as strings', () => {
  test('"auth timeout" while it starts becomes a typed end', async () => {
    await bed.page({ hang: 'loading' });
    const watched = await bed.open(bed.newTransport({ authMs: 500 }), 'c1');
    expect(await watched.first('closed')).toEqual(['hung']);
    expect(bed.warnings.at(-1)).toMatchObject({ sentence: 'WhatsApp Web did not finish loading.' });
  });

  test('the same string after a reload, where nobody waits for it, ends the session and not the process', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const watched = await bed.link(bed.newTransport({ authMs: 500 }), 'c1', MEMBER);
    await bed.page({ hang: 'loading' });
    await bed.control('POST', `/control/links/${await device()}/state`, { state: 'RELOAD' });
    expect(await watched.first('closed')).toEqual(['hung']);
    expect(unhandled).not.toHaveBeenCalled();
    process.off('unhandledRejection', unhandled);
  });
});

describe('trap 3: authenticated and ready come again and again, or never', () => {
  test('after a reload of the page it is ready once more, and nothing is heard twice', async () => {
    const watched = await bed.link(bed.newTransport(), 'c1', MEMBER);
    await bed.control('POST', `/control/links/${await device()}/state`, { state: 'RELOAD' });
    await watched.first('away');
    await watched.first('ready', 2);
    expect(await watched.session.send(CHAT, text('again'), null)).toMatchObject({ kind: 'sent' });
    await bed.control('POST', `/control/numbers/${FRIEND}/say`, { to: MEMBER, text: 'once' });
    await watched.first('message');
    await new Promise(resolve => setTimeout(resolve, 300));
    const names = watched.seen.map(({ name }) => name);
    expect(names.filter(name => name === 'message')).toHaveLength(1);
    expect(names.filter(name => name === 'ready')).toHaveLength(2);
  });

  test('a page that had synced before anybody listened becomes ready all the same', async () => {
    await bed.page({ syncMs: 0 });
    const transport = bed.newTransport();
    const first = await bed.link(transport, 'c1', MEMBER);
    await first.session.close();
    for (let round = 0; round < 3; round += 1) await (await comesBack(transport, 'c1')).session.close();
  });

  test('a page that never syncs is given up at the deadline, with the login kept', async () => {
    const transport = bed.newTransport();
    await (await bed.link(transport, 'c1', MEMBER)).session.close();
    await bed.page({ hang: 'sync' });
    const stuck = await bed.open(bed.newTransport({ startMs: 2_500 }), 'c1', true);
    expect(await stuck.first('closed')).toEqual(['hung']);
    await bed.page({ hang: null });
    await comesBack(transport, 'c1');
  });
});

test('trap 4: the library does not renew used-up codes: they go on changing, until the time for linking is over', async () => {
  await bed.close();
  bed = await startWebBed({ qrLifeMs: 400, maxQrs: 2 });
  const deadlines = { firstQrLifeMs: 400, qrLifeMs: 400, linkWindowMs: 6_000 };
  const watched = await bed.open(bed.newTransport(deadlines), 'c1');
  await watched.first('qr', 5);
  const codes = watched.seen.flatMap(event => (event.name === 'qr' ? [event.args[0]] : []));
  expect(new Set(codes).size).toBe(codes.length);
  expect(await watched.first('closed')).toEqual(['link_timeout']);
});

test.each([
  ['CONFLICT', 'replaced'],
  ['PROXYBLOCK', 'blocked'],
  ['TOS_BLOCK', 'banned'],
  ['SMB_TOS_BLOCK', 'banned'],
  ['DEPRECATED_VERSION', 'outdated'],
  ['SOMETHING_NEW', 'hung'],
])('trap 5: the state %s ends the session as %s, and the login is kept', async (state, reason) => {
  const transport = bed.newTransport();
  const watched = await bed.link(transport, 'c1', MEMBER);
  await bed.control('POST', `/control/links/${await device()}/state`, { state });
  expect(await watched.first('closed')).toEqual([reason]);
  expect(bed.warnings.at(-1)).toMatchObject({
    reason,
    sentence: expect.stringMatching(/\.$/) as string,
    nextStep: expect.stringMatching(/\.$/) as string,
  });
  expect(await browsersOf('c1')).toEqual([]);
  await comesBack(transport, 'c1');
});

describe('trap 6: the library does not notice what crashes', () => {
  test('a browser that is killed ends the session, and the next one needs no QR', async () => {
    const transport = bed.newTransport();
    const watched = await bed.link(transport, 'c1', MEMBER);
    process.kill(await browserOf('c1'), 'SIGKILL');
    expect(await watched.first('closed')).toEqual(['crashed']);
    expect(await watched.session.send(CHAT, text('late'), null)).toEqual({
      kind: 'not_sent',
      reason: 'not_ready',
    });
    await comesBack(transport, 'c1');
  });

  test('a renderer that is killed ends the session, and its browser with it', async () => {
    const transport = bed.newTransport();
    const watched = await bed.link(transport, 'c1', MEMBER);
    process.kill(await rendererOf('c1'), 'SIGKILL');
    expect(await watched.first('closed')).toEqual(['crashed']);
    expect(await browsersOf('c1')).toEqual([]);
    await comesBack(transport, 'c1');
  });

  test('a page that stands still ends the session after two misses; a browser that does not close is killed', async () => {
    const transport = bed.newTransport({ heartbeatMs: 200, heartbeatLimitMs: 300, stopMs: 1_000 });
    const watched = await bed.link(transport, 'c1', MEMBER);
    process.kill(await browserOf('c1'), 'SIGSTOP');
    expect(await watched.first('closed')).toEqual(['hung']);
    expect(await browsersOf('c1')).toEqual([]);
    await comesBack(bed.newTransport(), 'c1');
  });

  test('kill -9 of our own process takes its browser along, and the profile can be opened at once', async () => {
    const transport = bed.newTransport();
    await (await bed.link(transport, 'c1', MEMBER)).session.close();
    const child = await childWith('c1');
    await expect(bed.open(transport, 'c1', true)).rejects.toMatchObject({ reason: 'in_use' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await comesBack(transport, 'c1');
    await vi.waitFor(async () => expect((await browsersOf('c1')).length).toBeGreaterThan(0));
  });
});

test('trap 7: unlinked on the phone: the browser ends first, then the profile goes, and nothing is thrown', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const transport = bed.newTransport();
  const watched = await bed.link(transport, 'c1', MEMBER);
  await bed.control('POST', `/control/links/${await device()}/unlink`);
  expect(await watched.first('closed')).toEqual(['unlinked']);
  expect(await browsersOf('c1')).toEqual([]);
  expect(await exists(join(bed.dataDir, 'c1', 'session'))).toBe(false);
  expect(unhandled).not.toHaveBeenCalled();
  process.off('unhandledRejection', unhandled);
  // Linked anew, it survives a restart: the new login is on the disk.
  await (await bed.link(transport, 'c1', MEMBER)).session.close();
  await comesBack(transport, 'c1');
});

test('trap 8: a lock that nobody holds any more does not block the next start', async () => {
  const transport = bed.newTransport();
  await (await bed.link(transport, 'c1', MEMBER)).session.close();
  const child = await childWith('c1');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const profile = join(bed.dataDir, 'c1', 'session');
  await rm(join(profile, 'SingletonLock'), { force: true });
  await symlink('another-host-4711', join(profile, 'SingletonLock'));
  await comesBack(transport, 'c1');
});

describe('trap 9: the text form of a message id is called $1', () => {
  beforeEach(() => bed.page({ keyName: '$1' }));

  test('a message of which the library returns nothing is known by its echo and proved by its ack', async () => {
    const { session } = await bed.link(bed.newTransport(), 'c1', MEMBER);
    const outcome = await session.send(CHAT, text('Hello'), null);
    const [entry] = await log();
    expect(outcome).toEqual({ kind: 'sent', messageId: entry!.id });
    expect(await session.history(CHAT, new Date(Date.now() - 60_000))).toMatchObject([
      { messageId: entry!.id, text: 'Hello', fromMe: true },
    ]);
  });

  test('without an ack it is unknown, never failed', async () => {
    const { session } = await bed.link(bed.newTransport({ sendConfirmMs: 600 }), 'c1', MEMBER);
    await fault('ack-never');
    expect(await session.send(CHAT, text('Hello'), null)).toEqual({
      kind: 'unknown',
      reason: 'deadline',
      messageId: (await log())[0]!.id,
    });
  });
});

describe('trap 10: sendMessage resolves on the local copy', () => {
  test.each([
    ['refused-463', 'refused_463'],
    ['refused-475', 'refused_475'],
  ])('%s is proved not sent, with its code', async (kind, reason) => {
    const { session, first } = await bed.link(bed.newTransport(), 'c1', MEMBER);
    await fault(kind);
    const outcome = await session.send(CHAT, text('Hello'), null);
    expect(outcome).toMatchObject({ kind: 'not_sent', reason });
    expect((await first('receipt'))[0]).toMatchObject({ ack: -1 });
    expect(await log()).toEqual([]);
    expect(await session.send(CHAT, text('Again'), null)).toMatchObject({ kind: 'sent' });
  });

  test.each(['lost-before', 'accepted-then-silence'])('%s is unknown at the deadline', async kind => {
    const { session } = await bed.link(bed.newTransport({ sendConfirmMs: 600 }), 'c1', MEMBER);
    await fault(kind);
    expect(await session.send(CHAT, text('Hello'), null)).toMatchObject({
      kind: 'unknown',
      reason: 'deadline',
    });
    expect(await log()).toHaveLength(kind === 'lost-before' ? 0 : 1);
  });

  test('a connection that breaks during a send ends the session, and the send is unknown', async () => {
    const { session, first } = await bed.link(bed.newTransport(), 'c1', MEMBER);
    await fault('accepted-then-crash');
    expect(await session.send(CHAT, text('Hello'), null)).toMatchObject({ kind: 'unknown', reason: 'lost' });
    expect(await first('closed')).toEqual(['lost']);
    expect(await log()).toHaveLength(1);
  });
});

test('trap 11: what marks a chat as seen may be missing: sending does not need it', async () => {
  await bed.page({ omit: ['WAWebStreamModel', 'WAWebUpdateUnreadChatAction'] });
  const { session } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  expect(await session.send(CHAT, text('Hello'), null)).toMatchObject({ kind: 'sent' });
});

test('trap 12: "No LID for user" reached nobody; once the number is asked for, it has a chat', async () => {
  await bed.page({ knownOnly: true });
  await bed.control('POST', '/control/numbers', { phone: '33622222222', registered: false });
  const { session } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  expect(await session.send(CHAT, text('one'), null)).toEqual({ kind: 'not_sent', reason: 'not_ready' });
  expect(await session.send(CHAT, text('two'), null)).toMatchObject({ kind: 'sent' });
  expect(await session.lookUp('33622222222')).toBeNull();
  expect(await session.send('33622222222@c.us', text('?'), null)).toEqual({
    kind: 'not_sent',
    reason: 'not_on_whatsapp',
  });
  expect((await log()).map(entry => entry.text)).toEqual(['two']);
});

test('trap 13: nothing is written into the working directory', async () => {
  const before = await readdir(process.cwd());
  const { session } = await bed.link(bed.newTransport(), 'c1', MEMBER);
  await session.close();
  expect(await readdir(process.cwd())).toEqual(before);
});

test('trap 13: a pinned version is kept below our own directory, and served from there', async () => {
  const version = '2.3000.1017054665';
  const cacheDir = join(bed.dataDir, 'versions');
  await bed.page({ version });
  const before = await readdir(process.cwd());
  const transport = bed.newTransport({}, { pinnedVersion: { version, cacheDir } });
  await (await bed.link(transport, 'c1', MEMBER)).session.close();
  expect(await readdir(cacheDir)).toEqual([`${version}.html`]);
  // WhatsApp serves a page by now with which nothing works.
  await bed.page({ hang: 'loading' });
  await comesBack(transport, 'c1');
  expect(await readdir(process.cwd())).toEqual(before);
});

test('trap 14: a session that has grown too large is opened anew', async () => {
  await bed.page({ heapMb: 150 });
  const transport = bed.newTransport({ measureMs: 300 }, { memory: { ceilingMb: 120 } });
  const watched = await bed.link(transport, 'c1', MEMBER);
  expect(await watched.first('closed')).toEqual(['hung']);
  expect(bed.warnings.at(-1)).toMatchObject({ sentence: 'The page has taken too much memory.' });
  await bed.page({ heapMb: 0 });
  await comesBack(bed.newTransport(), 'c1');
});

test('trap 15: connected but dead: what only the server can answer is asked, and its silence ends the session', async () => {
  const deadlines = { heartbeatMs: 200, heartbeatLimitMs: 400, selfCheckMs: 300 };
  const watched = await bed.link(bed.newTransport(deadlines), 'c1', MEMBER);
  await new Promise(resolve => setTimeout(resolve, 1_500));
  expect(watched.session.alive).toBe(true);
  await bed.control('POST', `/control/links/${await device()}/mute`, {});
  expect(await watched.first('closed')).toEqual(['hung']);
  expect(bed.warnings.at(-1)).toMatchObject({
    sentence: 'WhatsApp Web says that it is connected, but nothing moves.',
  });
});

describe('trap 18: many at once take the machine down', () => {
  test('starts wait for each other', async () => {
    const turn = createStartTurns(1);
    const order: string[] = [];
    const first = await turn();
    const waiting = turn().then(giveBack => {
      order.push('second');
      giveBack();
    });
    await Promise.resolve();
    order.push('first');
    first();
    first();
    await waiting;
    const [third] = await Promise.all([turn()]);
    order.push('third');
    third();
    expect(order).toEqual(['first', 'second', 'third']);
  });

  test('no more sessions than allowed, nor than fit into the memory', async () => {
    const one = bed.newTransport({}, { maxSessions: 1 });
    const watched = await bed.open(one, 'c1');
    await expect(bed.open(one, 'c2')).rejects.toMatchObject({ reason: 'no_capacity' });
    await watched.session.close();
    const small = bed.newTransport({}, { memory: { budgetMb: 300 } });
    await bed.open(small, 'c1');
    await expect(bed.open(small, 'c2')).rejects.toMatchObject({ reason: 'no_capacity' });
  });
});

describe('trap 17: a session costs hundreds of megabytes: one that is not needed is an encrypted archive', () => {
  test('awake its profile is private to us; asleep nothing of it is left in clear; another instance wakes it', async () => {
    const watched = await bed.link(bed.newTransport(), 'c1', MEMBER);
    const { mode } = await stat(join(bed.dataDir, 'c1'));
    expect(mode & 0o777).toBe(0o700);
    await watched.session.close();
    expect(await readdir(bed.dataDir)).toEqual([]);
    await comesBack(bed.newTransport(), 'c1');
  });

  test('what a killed process has left in clear is sealed by the next one, and wakes', async () => {
    const transport = bed.newTransport();
    await (await bed.link(transport, 'c1', MEMBER)).session.close();
    const child = await childWith('c1');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await readdir(bed.dataDir)).toEqual(['c1']);
    const next = bed.newTransport();
    await vi.waitFor(async () => expect(await readdir(bed.dataDir)).toEqual([]), 5_000);
    await comesBack(next, 'c1');
  });

  test('left in clear, but opened elsewhere since: it is removed and not sealed', async () => {
    const transport = bed.newTransport();
    await (await bed.link(transport, 'c1', MEMBER)).session.close();
    const child = await childWith('c1');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await bed.vault.claim('c1');
    const next = bed.newTransport();
    await vi.waitFor(async () => expect(await readdir(bed.dataDir)).toEqual([]), 5_000);
    await comesBack(next, 'c1');
  });

  test('a channel that was never linked leaves nothing behind', async () => {
    const watched = await bed.open(bed.newTransport(), 'c1');
    await watched.first('qr');
    await watched.session.close();
    expect(await readdir(bed.dataDir)).toEqual([]);
  });
});
