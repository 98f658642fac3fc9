import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startNetwork } from '../../../simulated-whatsapp/start-network.ts';
import { seededRandom } from '../../platform/random.ts';
import { backoffMs } from './backoff.ts';
import { createSimulatorTransport } from './index.ts';
import { startTestBed, type TestBed } from './test-bed.ts';

const MEMBER = '33600000001';
const FRIEND = '33611111111';

let bed: TestBed;
let wire: Wire;
beforeEach(async () => {
  bed = await startTestBed();
  wire = await layWire(Number(new URL(bed.network.url).port));
});
afterEach(async () => {
  await bed.close();
  await wire.close();
});

const transportOverWire = (more: object = {}) =>
  createSimulatorTransport({
    url: wire.url,
    loginStore: bed.loginStore,
    random: seededRandom(3),
    logger: { warn: () => undefined },
    sendConfirmMs: 5_000,
    ...more,
  });

test('a line that breaks while nothing is under way comes back in the same session, with what was missed', async () => {
  const { session, first, seen } = await bed.link(transportOverWire(), 'c1', MEMBER);
  wire.cut();
  await first('away');
  expect(session.alive).toBe(true);
  expect(await session.send(`${FRIEND}@c.us`, { text: 'a', media: null }, 'X')).toMatchObject({
    kind: 'not_sent',
    reason: 'not_ready',
  });
  await bed.control('POST', `/control/numbers/${FRIEND}/say`, { to: MEMBER, text: 'hello?' });
  await first('ready', 2);
  expect(seen.filter(event => event.name !== 'receipt').map(event => event.name)).toEqual([
    'qr',
    'linking',
    'ready',
    'away',
    'message',
    'ready',
  ]);
  expect(await session.send(`${FRIEND}@c.us`, { text: 'a', media: null }, 'Y')).toMatchObject({
    kind: 'sent',
  });
});

test('a line that breaks during a send ends the session', async () => {
  const { session, first } = await bed.link(transportOverWire(), 'c1', MEMBER);
  await bed.control('POST', '/control/faults', { kind: 'slow', delayMs: 60_000 });
  const sending = session.send(`${FRIEND}@c.us`, { text: 'a', media: null }, 'X');
  wire.cut();
  expect(await sending).toEqual({ kind: 'unknown', reason: 'lost', messageId: 'X' });
  expect(await first('closed')).toEqual(['lost']);
  expect(session.alive).toBe(false);
});

test('a line that stays broken is given up', async () => {
  const { first, seen } = await bed.link(transportOverWire({ reconnectWithinMs: 300 }), 'c1', MEMBER);
  await wire.close();
  expect(await first('closed')).toEqual(['lost']);
  expect(seen.at(-2)).toMatchObject({ name: 'away' });
});

test('a session that was away gives way to a newer one instead of pushing it out', async () => {
  const old = await bed.link(transportOverWire(), 'c1', MEMBER);
  wire.cut();
  await old.first('away');
  const newer = await bed.open(bed.newTransport(), 'c1');
  await newer.first('ready');
  expect(await old.first('closed')).toEqual(['replaced']);
  expect(newer.session.alive).toBe(true);
  expect(newer.seen.some(event => event.name === 'closed')).toBe(false);
});

test('a line on which nothing moves is noticed', async () => {
  const { first } = await bed.link(transportOverWire({ heartbeatMs: 60 }), 'c1', MEMBER);
  wire.freeze();
  await first('away');
  await first('ready', 2);
});

test('the session survives a restart of a network that keeps its state', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'network-'));
  const stateFile = join(dir, 'state.json');
  let network = await startNetwork({ stateFile, linkMs: 10 });
  const port = Number(new URL(network.url).port);
  wire.pointTo(port);
  const watched = await bed.open(transportOverWire(), 'c9');
  const [text] = await watched.first('qr');
  await fetch(`${network.url}/control/links/${text.split(',').at(-1)!}/scan`, {
    method: 'POST',
    body: JSON.stringify({ phone: MEMBER }),
  });
  await watched.first('ready');
  await watched.session.send(`${FRIEND}@c.us`, { text: 'before', media: null }, 'X');
  await network.close();
  await watched.first('away');
  network = await startNetwork({ stateFile, port });
  await watched.first('ready', 2);
  await watched.session.send(`${FRIEND}@c.us`, { text: 'after', media: null }, 'Y');
  const history = await watched.session.history(`${FRIEND}@c.us`, new Date(0));
  expect(history.map(entry => entry.messageId)).toEqual(['X', 'Y']);
  await watched.session.close();
  await network.close();
  await rm(dir, { recursive: true });
});

test('the wait between tries grows, is bounded, and never less than half', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, chance) => {
        const waitMs = backoffMs(attempt, () => chance);
        const ceilingMs = Math.min(200 * 2 ** attempt, 10_000);
        return waitMs >= ceilingMs / 2 && waitMs <= ceilingMs;
      },
    ),
  );
});

/** A wire between transport and network that can be cut and frozen. */
interface Wire {
  url: string;
  cut(): void;
  freeze(): void;
  pointTo(port: number): void;
  close(): Promise<void>;
}

async function layWire(target: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let port = target;
  const server: Server = createServer(near => {
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  let closing: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    pointTo: newPort => {
      port = newPort;
    },
    close: () =>
      (closing ??= new Promise(resolve => {
        server.close(() => resolve());
        cut();
      })),
  };
}
