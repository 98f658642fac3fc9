import { releaseHeld } from './device-events.ts';
import { realNowMs } from './calendar.ts';
import { changed, nowMs, type Connection, type Device, type Network, type WaitingDevice } from './network.ts';
import { numberOf } from './numbers.ts';
import { hexOf, newPairingCode, newSecret } from './seeded.ts';

/** A device without a login shows a QR, and a fresh one each time the last is used up. */
export function waitForScan(network: Network, connection: Connection, session: string): WaitingDevice {
  const id = `device-${hexOf(network.settings.seed, 8, 'device', (network.counters.device += 1)).toLowerCase()}`;
  const { qrLifeMs, maxQrs } = network.settings;
  const waiting: WaitingDevice = {
    id,
    connection,
    session,
    qr: '',
    qrUntilMs: 0,
    pairing: null,
    refresh: setInterval(() => {
      if ((shown += 1) > maxQrs) expireLink(network, waiting);
      else showQr();
    }, qrLifeMs),
  };
  const showQr = (): void => {
    waiting.qr = `2@${newSecret()},${newSecret()},${id}`;
    waiting.qrUntilMs = realNowMs() + qrLifeMs;
    connection.push({ ev: 'qr', text: waiting.qr, validForMs: qrLifeMs });
    changed(network);
  };
  let shown = 1;
  waiting.refresh.unref();
  network.waiting.set(id, waiting);
  showQr();
  return waiting;
}

/** The code to type on that phone instead of scanning; a new one replaces the last. */
export function givePairingCode(network: Network, waiting: WaitingDevice, phone: string): string {
  const code = newPairingCode();
  waiting.pairing = { code, phone };
  changed(network);
  return code;
}

export function stopWaiting(network: Network, waiting: WaitingDevice): void {
  clearInterval(waiting.refresh);
  if (network.waiting.delete(waiting.id)) changed(network);
}

/** The member's phone has scanned the QR or taken the code: the device is linked from now on. */
export function linkDevice(network: Network, waiting: WaitingDevice, phone: string): Device {
  stopWaiting(network, waiting);
  const { connection } = waiting;
  const device: Device = {
    id: waiting.id,
    key: newSecret(),
    phone,
    linkedAt: new Date(nowMs(network)).toISOString(),
    connection,
    lastConnection: connection.number,
    lastSession: waiting.session,
    lastEvent: 0,
    unconfirmed: [],
    held: new Set(),
  };
  network.devices.set(device.id, device);
  numberOf(network, phone).devices.add(device.id);
  connection.push({ ev: 'linking' });
  connection.push({ ev: 'linked', login: { device: device.id, key: device.key } });
  setTimeout(() => {
    if (device.connection === connection) connection.push(readyEvent(network, device));
  }, network.settings.linkMs).unref();
  changed(network);
  return device;
}

export type LoginResult = { device: Device } | { refused: 'unlinked' | 'replaced' };

/**
 * A device comes back with its login. A second connection pushes the first one out, as in WhatsApp; only one
 * that merely resumes after a lost line gives way when somebody newer has logged in meanwhile.
 */
export function logIn(
  network: Network,
  connection: Connection,
  login: { device: string; key: string; session: string; resume: boolean },
): LoginResult {
  const device = network.devices.get(login.device);
  if (device?.key !== login.key) return { refused: 'unlinked' };
  if (login.resume && device.lastSession !== login.session) return { refused: 'replaced' };
  device.connection?.end('replaced');
  device.connection = connection;
  device.lastConnection = connection.number;
  device.lastSession = login.session;
  for (const event of device.unconfirmed) connection.push(event);
  releaseHeld(device);
  connection.push(readyEvent(network, device));
  changed(network);
  return { device };
}

/** The phone, or WhatsApp, removes the device: its login is worth nothing any more. */
export function unlinkDevice(network: Network, id: string, tellIt = true): boolean {
  const device = network.devices.get(id);
  if (!device) return false;
  network.devices.delete(id);
  numberOf(network, device.phone).devices.delete(id);
  const { connection } = device;
  device.connection = null;
  if (tellIt) connection?.end('unlinked');
  changed(network);
  return true;
}

/** Nobody scanned in time. */
export function expireLink(network: Network, waiting: WaitingDevice): void {
  stopWaiting(network, waiting);
  waiting.connection.end('link_timeout');
}

/** Another browser takes the session over: the device stays linked, this connection is over. */
export function replaceConnection(network: Network, device: Device): boolean {
  const { connection } = device;
  device.connection = null;
  device.lastSession = null;
  connection?.end('replaced');
  changed(network);
  return connection !== null;
}

/** WhatsApp tells the page of this device a state of its own; the device stays linked. */
export function tellState(network: Network, id: string, state: string): boolean {
  const connection = network.devices.get(id)?.connection ?? network.waiting.get(id)?.connection;
  connection?.push({ ev: 'state', state });
  return connection !== undefined;
}

/** From here on nothing moves on this device's connection, though it stays open; or it moves again. */
export function muteConnection(network: Network, id: string, isMuted: boolean): boolean {
  const connection = network.devices.get(id)?.connection;
  if (!connection) return false;
  connection.isMuted = isMuted;
  return true;
}

function readyEvent(network: Network, device: Device): Parameters<Connection['push']>[0] {
  const { phone, lid, since } = numberOf(network, device.phone);
  return { ev: 'ready', identity: { phone, lid, inUseSince: since } };
}
