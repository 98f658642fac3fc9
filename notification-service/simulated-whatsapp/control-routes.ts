import type { z } from 'zod';
import { markRead } from './acks.ts';
import { bodies, sentenceOf, type Body } from './control-bodies.ts';
import { chatsView, linksView, logView, stateView } from './control-views.ts';
import { expireLink, muteConnection, replaceConnection, tellState, unlinkDevice } from './links.ts';
import type { Device, Network } from './network.ts';
import { numberOf, setNumber } from './numbers.ts';
import { block, knownPhone, say, scan, typeCode } from './play-phone.ts';
import { Refusal } from './refusal.ts';
import { resetNetwork } from './reset.ts';

export interface ControlRequest {
  method: string;
  url: URL;
  body: unknown;
}

type Handler = (network: Network, part: string, request: ControlRequest) => unknown;

/** Method and path; `:x` is the one part that varies, handed to the handler. Fixed paths come first. */
const routes: [method: string, path: string, handler: Handler][] = [
  ['POST', '/control/numbers', (network, _, { body }) => putNumbers(network, parse('numbers', body))],
  ['GET', '/control/numbers/:phone', (network, phone) => chatsView(network, knownPhone(network, phone))],
  [
    'POST',
    '/control/numbers/:phone/say',
    (network, phone, { body }) => speak(network, phone, parse('say', body)),
  ],
  [
    'POST',
    '/control/numbers/:phone/read',
    (network, phone, { body }) => read(network, phone, parse('read', body)),
  ],
  [
    'POST',
    '/control/numbers/:phone/block',
    (network, phone, { body }) => shut(network, phone, parse('block', body)),
  ],
  ['GET', '/control/links', network => linksView(network)],
  ['POST', '/control/links/code', (network, _, { body }) => enterCode(network, parse('code', body))],
  [
    'POST',
    '/control/links/:device/scan',
    (network, id, { body }) => scanQr(network, id, parse('scan', body)),
  ],
  ['POST', '/control/links/:device/unlink', (network, id) => unlink(network, id)],
  ['POST', '/control/links/:device/conflict', (network, id) => conflict(network, id)],
  ['POST', '/control/links/:device/expire', (network, id) => expire(network, id)],
  [
    'POST',
    '/control/links/:device/state',
    (network, id, { body }) => pageState(network, id, parse('state', body)),
  ],
  ['POST', '/control/links/:device/mute', (network, id, { body }) => mute(network, id, parse('mute', body))],
  ['POST', '/control/web-page', (network, _, { body }) => setPage(network, parse('webPage', body))],
  ['POST', '/control/faults', (network, _, { body }) => addFault(network, parse('faults', body))],
  ['GET', '/control/faults', network => network.faults.list()],
  ['DELETE', '/control/faults', network => clearFaults(network)],
  ['GET', '/control/log', (network, _, { url }) => readLog(network, url)],
  [
    'GET',
    '/control/state',
    (network, _, { url }) => stateView(network, url.searchParams.get('search') ?? ''),
  ],
  ['POST', '/control/reset', network => emptyAgain(network)],
];

/** What the control answers; throws a {@link Refusal} with a status and a sentence. */
export function answerControl(network: Network, request: ControlRequest): unknown {
  const path = request.url.pathname.replace(/\/$/, '');
  for (const [method, pattern, handler] of routes) {
    const part = match(pattern, path);
    if (part !== undefined && method === request.method) return handler(network, part, request);
  }
  if (routes.some(([, pattern]) => match(pattern, path) !== undefined)) {
    throw new Refusal(405, `${request.method} is not possible here.`);
  }
  throw new Refusal(404, `There is nothing at ${path}.`);
}

/** The varying part (empty when the path has none), or undefined when the path is another. */
function match(pattern: string, path: string): string | undefined {
  const [before = '', after = ''] = pattern.split(/:\w+/);
  if (!pattern.includes(':')) return path === pattern ? '' : undefined;
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined;
  const part = decodeURIComponent(path.slice(before.length, path.length - after.length));
  return part === '' || part.includes('/') ? undefined : part;
}

function parse<K extends keyof typeof bodies>(name: K, body: unknown): Body<K> {
  const schema: z.ZodType = bodies[name];
  const result = schema.safeParse(body ?? {});
  if (!result.success) throw new Refusal(400, sentenceOf(result.error));
  return result.data as Body<K>;
}

function putNumbers(network: Network, body: Body<'numbers'>): unknown {
  const list = 'numbers' in body ? body.numbers : [body];
  const set = list.map(change => {
    const { phone, lid, registered } = setNumber(network, change);
    return { phone, lid, registered };
  });
  return 'numbers' in body ? { numbers: set.length } : set[0];
}

function speak(network: Network, phone: string, body: Body<'say'>): unknown {
  const { id, seq } = say(network, knownPhone(network, phone), body);
  return { id, seq };
}

const read = (network: Network, phone: string, { from }: Body<'read'>) => ({
  read: markRead(network, knownPhone(network, phone), knownPhone(network, from)),
});

function shut(network: Network, phone: string, { from, blocked }: Body<'block'>): unknown {
  block(network, knownPhone(network, phone), from, blocked);
  return { blocked };
}

const enterCode = (network: Network, { code, phone }: Body<'code'>) =>
  linked(network, typeCode(network, code, phone));
const scanQr = (network: Network, id: string, { phone }: Body<'scan'>) =>
  linked(network, scan(network, id, phone));

const linked = (network: Network, { id, phone }: Device) => ({
  device: id,
  phone,
  lid: numberOf(network, phone).lid,
});

function unlink(network: Network, id: string): unknown {
  if (!unlinkDevice(network, id)) throw new Refusal(404, 'No device is linked under this id.');
  return { unlinked: true };
}

function conflict(network: Network, id: string): unknown {
  const device = network.devices.get(id);
  if (!device) throw new Refusal(404, 'No device is linked under this id.');
  return { replaced: replaceConnection(network, device) };
}

/** A waiting device has shown its last QR; a linked one loses its login. */
function expire(network: Network, id: string): unknown {
  const waiting = network.waiting.get(id);
  if (!waiting) return unlink(network, id);
  expireLink(network, waiting);
  return { expired: true };
}

function mute(network: Network, id: string, { muted }: Body<'mute'>): unknown {
  if (!muteConnection(network, id, muted)) throw new Refusal(404, 'No device is connected under this id.');
  return { muted };
}

function pageState(network: Network, id: string, { state }: Body<'state'>): unknown {
  if (!tellState(network, id, state)) throw new Refusal(404, 'No device is connected under this id.');
  return { state };
}

/** What is not named stays as it was; pages that are open stay as they are. */
function setPage(network: Network, change: Body<'webPage'>): unknown {
  Object.assign(network.page, change);
  return network.page;
}

function addFault(network: Network, { phone, device, kind, count, delayMs }: Body<'faults'>): unknown {
  network.faults.add({ kind, phone: phone ?? null, device: device ?? null, delayMs, remaining: count });
  return { kind, count };
}

function clearFaults(network: Network): unknown {
  network.faults.clear();
  return { faults: 0 };
}

function readLog(network: Network, url: URL): unknown {
  const after = Number(url.searchParams.get('after') ?? 0);
  const limit = Number(url.searchParams.get('limit') ?? 100_000);
  if (!Number.isInteger(after) || after < 0 || !Number.isInteger(limit) || limit < 1) {
    throw new Refusal(400, '"after" and "limit" must be whole numbers.');
  }
  return logView(network, after, limit);
}

function emptyAgain(network: Network): unknown {
  resetNetwork(network);
  return { empty: true };
}
