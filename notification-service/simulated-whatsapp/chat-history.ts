import { ackOf } from './acks.ts';
import type { Device, MediaKind, Message, MessageKind, Network } from './network.ts';
import { chatIdOf, chatKey, numberOf } from './numbers.ts';

export interface HistoryEntry {
  messageId: string;
  at: string;
  fromMe: boolean;
  text: string;
  mediaKind: MediaKind | null;
  kind: MessageKind;
  quoted: string | null;
  ack: number;
}

/** Whom this device has a chat with, latest first. */
export function chatListOf(
  network: Network,
  device: Device,
): { phone: string; lid: string; lastAtMs: number }[] {
  return [...numberOf(network, device.phone).chats]
    .map(other => ({
      phone: chatIdOf(other),
      lid: numberOf(network, other).lid,
      lastAtMs: network.chats.get(chatKey(device.phone, other))?.messages.at(-1)?.atMs ?? 0,
    }))
    .sort((a, b) => b.lastAtMs - a.lastAtMs);
}

/**
 * One chat as this device has it, oldest first: what the network accepted, and the device's own local copies of
 * what it did not (ack 0 or −1). An accepted message shows ack 0 as long as this connection was told nothing of
 * it; a newer connection has synced, and shows at least 1.
 */
export function historyOf(network: Network, device: Device, other: string, sinceMs: number): HistoryEntry[] {
  const chat = network.chats.get(chatKey(device.phone, other));
  if (!chat) return [];
  const accepted = chat.messages
    .filter(message => message.atMs >= sinceMs && !(message.blocked && message.to === device.phone))
    .map(message => ({ order: message.atMs, entry: entryOf(device, message) }));
  const local = chat.localCopies
    .filter(copy => copy.device === device.id && copy.atMs >= sinceMs)
    .map(({ messageId, atMs, text, mediaKind, ack }) => ({
      order: atMs,
      entry: {
        messageId,
        at: new Date(atMs).toISOString(),
        fromMe: true,
        text,
        mediaKind,
        kind: mediaKind ?? ('text' as const),
        quoted: null,
        ack,
      },
    }));
  return [...accepted, ...local].sort((a, b) => a.order - b.order).map(({ entry }) => entry);
}

function entryOf(device: Device, message: Message): HistoryEntry {
  return {
    messageId: message.id,
    at: new Date(message.atMs).toISOString(),
    fromMe: message.from === device.phone,
    text: message.text,
    mediaKind: message.media?.kind ?? null,
    kind: message.kind,
    quoted: message.quoted,
    ack: ackSeenBy(device, message),
  };
}

function ackSeenBy(device: Device, message: Message): number {
  const ownSend = message.device === device.id && message.connection === device.connection?.number;
  if (!ownSend) return Math.max(1, ackOf(message));
  return message.hold === null ? ackOf(message) : 0;
}
