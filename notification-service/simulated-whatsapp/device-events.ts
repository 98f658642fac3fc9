import { realNowMs } from './calendar.ts';
import type { Device, Message, Network, NumberedEvent, SeenMessage } from './network.ts';
import { chatIdOf, numberOf } from './numbers.ts';

/** Tells the linked devices of both sides about a message; the device that sent it knows already. */
export function announceMessage(network: Network, message: Message, addressing: 'lid' | 'phone'): void {
  for (const device of devicesOf(network, message.from)) {
    if (device.id !== message.device) tell(device, seen(network, message, message.to, true, addressing));
  }
  if (message.blocked || message.from === message.to) return;
  for (const device of devicesOf(network, message.to)) {
    tell(device, seen(network, message, message.from, false, addressing));
  }
}

/** Tells the sender's devices what became of a message, unless that is being kept from the one that sent it. */
export function tellReceipt(network: Network, message: Message, ack: number, at: string): void {
  for (const device of devicesOf(network, message.from)) {
    if (device.id === message.device) {
      if (message.hold !== null) continue;
      if (ack >= 1) settle(device, message);
    }
    tell(device, { ev: 'receipt', receipt: { messageId: message.id, ack, at } });
  }
}

/** The server refused a send: ack −1 under the id that the device had given it. */
export function tellRefusal(device: Device, messageId: string, at: string): void {
  tell(device, { ev: 'receipt', receipt: { messageId, ack: -1, at } });
}

/** At a new connection the network says what it had kept to itself. */
export function releaseHeld(device: Device): void {
  for (const message of device.held) {
    message.hold = null;
    for (const { ack, at } of message.acks) {
      tell(device, { ev: 'receipt', receipt: { messageId: message.id, ack, at } });
    }
  }
  device.held.clear();
}

/** The device has taken in everything up to this number; it will not be told again. */
export function confirmEvents(device: Device, upTo: number): void {
  const next = device.unconfirmed.findIndex(event => event.n > upTo);
  device.unconfirmed.splice(0, next === -1 ? device.unconfirmed.length : next);
}

function settle(device: Device, message: Message): void {
  if (message.answeredAtMs === null && device.connection && device.connection.number === message.connection) {
    message.answeredAtMs = realNowMs();
    device.connection.underWay.delete(message.id);
  }
}

type Unnumbered<T> = T extends unknown ? Omit<T, 'n'> : never;

function tell(device: Device, event: Unnumbered<NumberedEvent>): void {
  const numbered: NumberedEvent = { ...event, n: (device.lastEvent += 1) };
  device.unconfirmed.push(numbered);
  device.connection?.push(numbered);
}

function seen(
  network: Network,
  message: Message,
  other: string,
  fromMe: boolean,
  addressing: 'lid' | 'phone',
): { ev: 'message'; message: SeenMessage } {
  const { lid } = numberOf(network, other);
  const byLid = addressing === 'lid';
  return {
    ev: 'message',
    message: {
      messageId: message.id,
      at: new Date(message.atMs).toISOString(),
      phone: byLid ? null : other,
      lid: byLid ? lid : null,
      chatId: byLid ? lid : chatIdOf(other),
      fromMe,
      kind: message.kind,
      text: message.text,
      quotedMessageId: message.quoted,
    },
  };
}

function devicesOf(network: Network, phone: string): Device[] {
  const ids = network.numbers.get(phone)?.devices ?? [];
  return [...ids].map(id => network.devices.get(id)).filter(device => device !== undefined);
}
