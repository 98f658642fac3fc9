import { ackOf } from './acks.ts';
import { realNowMs } from './calendar.ts';
import { logEntryOf } from './log-entry.ts';
import { nowMs, type Chat, type Network, type PhoneNumber } from './network.ts';
import { chatKey, numberOf } from './numbers.ts';

const SHOWN_NUMBERS = 200;

/** Who waits to be linked. */
export const linksView = (network: Network) =>
  [...network.waiting.values()].map(({ id, qr, qrUntilMs, pairing }) => ({
    device: id,
    qr,
    validForMs: Math.max(0, qrUntilMs - realNowMs()),
    ...(pairing ? { pairingCode: pairing.code, pairingPhone: pairing.phone } : {}),
  }));

export const logView = (network: Network, after: number, limit: number) => ({
  entries: network.log.slice(after, after + limit).map(logEntryOf),
  lastSeq: network.log.length,
  overlaps: network.overlaps.length,
  overlapping: network.overlaps,
});

/** The page's first look: waiting and linked devices, and the numbers that were busy last. */
export function stateView(network: Network, search: string) {
  const wanted = search.toLowerCase();
  const found = [...network.numbers.values()].filter(
    ({ phone, name }) => phone.includes(wanted) || name?.toLowerCase().includes(wanted),
  );
  const numbers = found
    .map(number => numberView(network, number))
    .sort((a, b) => b.lastAtMs - a.lastAtMs || a.phone.localeCompare(b.phone))
    .slice(0, SHOWN_NUMBERS);
  return {
    now: network.calendar.now().toISOString(),
    rate: network.calendar.rate,
    links: linksView(network),
    devices: [...network.devices.values()].map(device => ({
      device: device.id,
      phone: device.phone,
      linkedAt: device.linkedAt,
      online: device.connection !== null,
      waitingEvents: device.unconfirmed.length,
    })),
    numbers,
    totals: { numbers: network.numbers.size, messages: network.log.length, chats: network.chats.size },
    faults: network.faults.list(),
  };
}

function numberView(network: Network, number: PhoneNumber) {
  const chats = chatsOf(network, number);
  return {
    phone: number.phone,
    lid: number.lid,
    name: number.name,
    registered: number.registered,
    since: number.since,
    devices: number.devices.size,
    chats: chats.length,
    unread: chats.reduce((sum, { chat }) => sum + unreadIn(chat, number.phone), 0),
    lastAtMs: Math.max(0, ...chats.map(({ chat }) => chat.messages.at(-1)?.atMs ?? 0)),
  };
}

/** One phone's chats as its owner sees them, latest first. */
export function chatsView(network: Network, phone: string) {
  const number = numberOf(network, phone);
  const chats = chatsOf(network, number).map(({ chat, other }) => ({
    with: other,
    name: network.numbers.get(other)?.name ?? null,
    blocked: number.blocked.has(other),
    unread: unreadIn(chat, phone),
    typing: chat.typing !== null && chat.typing.by === other && chat.typing.untilMs > nowMs(network),
    lastAtMs: chat.messages.at(-1)?.atMs ?? 0,
    messages: chat.messages
      .filter(message => !(message.blocked && message.to === phone))
      .slice(-200)
      .map(message => ({ ...logEntryOf(message), fromMe: message.from === phone, ack: ackOf(message) })),
  }));
  const { lid, name, registered } = number;
  return { phone, lid, name, registered, chats: chats.sort((a, b) => b.lastAtMs - a.lastAtMs) };
}

function chatsOf(network: Network, number: PhoneNumber): { other: string; chat: Chat }[] {
  return [...number.chats].flatMap(other => {
    const chat = network.chats.get(chatKey(number.phone, other));
    return chat && chat.messages.length > 0 ? [{ other, chat }] : [];
  });
}

const unreadIn = (chat: Chat, reader: string): number =>
  chat.messages.filter(({ to, blocked, acks }) => to === reader && !blocked && (acks.at(-1)?.ack ?? 0) < 3)
    .length;
