import { changed, type Chat, type Network, type PhoneNumber } from './network.ts';
import { fractionOf, hiddenIdOf } from './seeded.ts';

export interface NumberChange {
  phone: string;
  registered?: boolean | undefined;
  name?: string | null | undefined;
  since?: string | null | undefined;
}

/** A number exists, or does not: what is not named stays as it was. */
export function setNumber(network: Network, change: NumberChange): PhoneNumber {
  const number = numberOf(network, change.phone);
  number.registered = change.registered ?? true;
  if (change.name !== undefined) number.name = change.name;
  if (change.since !== undefined) number.since = change.since;
  changed(network);
  return number;
}

/** The number as the network knows it; one that was never heard of comes into being here. */
export function numberOf(network: Network, phone: string): PhoneNumber {
  const known = network.numbers.get(phone);
  if (known) return known;
  const { seed, strict, unregisteredShare } = network.settings;
  const number: PhoneNumber = {
    phone,
    lid: hiddenIdOf(seed, phone),
    registered: !strict && fractionOf(seed, 'registered', phone) >= unregisteredShare,
    name: null,
    since: null,
    blocked: new Set(),
    devices: new Set(),
    chats: new Set(),
  };
  network.numbers.set(phone, number);
  network.phonesByLid.set(number.lid, phone);
  return number;
}

/** The phone behind `336…@c.us`, `…@lid` or bare digits; undefined for a hidden id that nobody has. */
export function phoneBehind(network: Network, address: string): string | undefined {
  if (address.endsWith('@lid')) return network.phonesByLid.get(address);
  const digits = address.replace(/@c\.us$/, '').replace(/^\+/, '');
  return /^[1-9]\d{5,14}$/.test(digits) ? digits : undefined;
}

export const chatIdOf = (phone: string): string => `${phone}@c.us`;

/** The chat of two phones; made when it is not there yet. */
export function chatOf(network: Network, a: string, b: string): Chat {
  const key = chatKey(a, b);
  const known = network.chats.get(key);
  if (known) return known;
  const chat: Chat = { key, messages: [], localCopies: [], sentBy: new Map(), typing: null };
  network.chats.set(key, chat);
  numberOf(network, a).chats.add(b);
  numberOf(network, b).chats.add(a);
  return chat;
}

export const chatKey = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);
