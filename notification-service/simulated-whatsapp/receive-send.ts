import { acceptMessage } from './accept-message.ts';
import { realNowMs } from './calendar.ts';
import { tellRefusal } from './device-events.ts';
import type { Fault } from './faults.ts';
import { unlinkDevice } from './links.ts';
import {
  changed,
  nowMs,
  type Connection,
  type Device,
  type MediaInfo,
  type Message,
  type Network,
} from './network.ts';
import { chatOf, numberOf } from './numbers.ts';

export interface IncomingSend {
  /** Chosen by the client, or null. */
  id: string | null;
  to: string;
  text: string;
  media: MediaInfo | null;
}

/** What the device hears at once: taken, refused, or nothing at all. The receipt of ack 1 comes apart. */
export type SendAnswer =
  | { kind: 'accepted'; messageId: string; lid: string }
  | { kind: 'refused'; reason: 'refused_463' | 'refused_475' | 'not_on_whatsapp' | 'not_ready' }
  | { kind: 'silence' };

/** A device sends: whatever fault is waiting for it happens here, and nowhere else. */
export async function receiveSend(
  network: Network,
  device: Device,
  connection: Connection,
  send: IncomingSend,
): Promise<SendAnswer> {
  const receivedAtMs = realNowMs();
  noteOverlap(network, device, connection, send);
  const fault = network.faults.take({ device: device.id, from: device.phone, to: send.to });
  if (fault) network.record({ fault: { kind: fault.kind, device: device.id, to: send.to, id: send.id } });
  if (!numberOf(network, send.to).registered) return { kind: 'refused', reason: 'not_on_whatsapp' };
  switch (fault?.kind) {
    case undefined:
    case 'ack-never':
    case 'ack-late':
      return accept(network, device, connection, send, receivedAtMs, fault);
    case 'accepted-then-silence':
      accept(network, device, connection, send, receivedAtMs, fault);
      return { kind: 'silence' };
    case 'accepted-then-crash':
      accept(network, device, connection, send, receivedAtMs, fault);
      connection.drop();
      return { kind: 'silence' };
    case 'slow':
      return acceptLater(network, device, connection, send, receivedAtMs, fault);
    case 'lost-before':
      keepLocalCopy(network, device, send, 0);
      return { kind: 'silence' };
    case 'refused-463':
    case 'refused-475':
      return refuse(network, device, connection, send, fault.kind);
    case 'not-ready':
      connection.underWay.delete(send.id ?? '');
      return { kind: 'refused', reason: 'not_ready' };
    case 'logout':
      unlinkDevice(network, device.id);
      return { kind: 'silence' };
  }
}

function noteOverlap(network: Network, device: Device, connection: Connection, send: IncomingSend): void {
  if (connection.underWay.size > 0) {
    const overlap = {
      device: device.id,
      connection: connection.number,
      underWay: [...connection.underWay],
      second: send.id ?? '',
      atMs: realNowMs(),
    };
    network.overlaps.push(overlap);
    network.record({ overlap });
  }
  connection.underWay.add(send.id ?? '');
}

function accept(
  network: Network,
  device: Device,
  connection: Connection,
  send: IncomingSend,
  receivedAtMs: number,
  fault: Fault | null,
): SendAnswer {
  const message: Message = acceptMessage(
    network,
    {
      id: send.id,
      device: device.id,
      connection: connection.number,
      from: device.phone,
      to: send.to,
      kind: send.media?.kind ?? 'text',
      text: send.text,
      media: send.media,
      lateMs: fault?.kind === 'ack-late' ? fault.delayMs : 0,
      hold:
        fault?.kind === 'ack-never' ? 'never' : fault?.kind.startsWith('accepted-then') ? 'reconnect' : null,
    },
    receivedAtMs,
  );
  return { kind: 'accepted', messageId: message.id, lid: numberOf(network, send.to).lid };
}

/**
 * A slow wire. What was on it when the connection broke may still arrive, but never after a newer connection
 * of this device: that is the one thing on which a sender can build a proof.
 */
function acceptLater(
  network: Network,
  device: Device,
  connection: Connection,
  send: IncomingSend,
  receivedAtMs: number,
  fault: Fault,
): Promise<SendAnswer> {
  return new Promise(resolve => {
    const timer = setTimeout(() => {
      network.slowSends.delete(timer);
      const linked = network.devices.get(device.id) === device;
      const newest = device.connection === null || device.connection === connection;
      if (linked && newest && device.lastConnection === connection.number) {
        resolve(accept(network, device, connection, send, receivedAtMs, null));
      } else {
        resolve({ kind: 'silence' });
      }
    }, fault.delayMs);
    network.slowSends.add(timer);
  });
}

function refuse(
  network: Network,
  device: Device,
  connection: Connection,
  send: IncomingSend,
  kind: 'refused-463' | 'refused-475',
): SendAnswer {
  connection.underWay.delete(send.id ?? '');
  keepLocalCopy(network, device, send, -1);
  if (send.id !== null) tellRefusal(device, send.id, new Date(nowMs(network)).toISOString());
  return { kind: 'refused', reason: kind === 'refused-463' ? 'refused_463' : 'refused_475' };
}

function keepLocalCopy(network: Network, device: Device, send: IncomingSend, ack: 0 | -1): void {
  if (send.id === null) return;
  chatOf(network, device.phone, send.to).localCopies.push({
    device: device.id,
    messageId: send.id,
    atMs: nowMs(network),
    text: send.text,
    mediaKind: send.media?.kind ?? null,
    ack,
  });
  changed(network);
}
