import type { HistoryEntry, MediaKind, ObservedMessage } from '../../channels/transport.ts';
import { chatIdOf, lidOf, messageIdOf, phoneOf, widText } from './message-ids.ts';
import type { RawMessageId } from './message-ids.ts';
import type { RawCall, RawMessage, RawReaction } from './page-client.ts';

const KINDS: Record<string, ObservedMessage['kind']> = {
  chat: 'text',
  image: 'image',
  video: 'video',
  audio: 'audio',
  ptt: 'audio',
  document: 'document',
  revoked: 'deletion',
};
const MEDIA = new Set<string>(['image', 'video', 'audio', 'document']);

/** What WhatsApp writes into chats by itself: nobody has said anything. */
const NOT_SAID = /notification|^gp2$|^protocol$|^ciphertext$|^debug$|^call_log$|^pin|^unknown$/;

/** Somebody's chat; not a group, a status, a broadcast or a channel. */
export const isPersonal = (chatId: string | null): chatId is string =>
  /^[\d:]+@(c\.us|lid)$/.test(chatId ?? '');

/** What is seen of a message before it is known whose hidden id it is; null for what is no message of a person. */
export function readMessage(raw: RawMessage): ObservedMessage | null {
  const messageId = messageIdOf(raw.id);
  const chatId = chatIdOf(raw.id) ?? widText(raw.id.fromMe === true ? raw.to : raw.from);
  if (messageId === null || !isPersonal(chatId) || raw.isStatus || NOT_SAID.test(raw.type ?? 'unknown'))
    return null;
  const quoted = raw._data?.['quotedStanzaID'];
  return {
    messageId,
    ...whereAndWhen(chatId, raw),
    kind: KINDS[raw.type ?? ''] ?? 'other',
    text: raw.body ?? '',
    quotedMessageId: typeof quoted === 'string' ? quoted : null,
  };
}

const whereAndWhen = (chatId: string, raw: { id?: RawMessageId; timestamp?: number }) => ({
  at: new Date((raw.timestamp ?? 0) * 1000),
  phone: phoneOf(chatId),
  lid: lidOf(chatId),
  chatId,
  fromMe: raw.id?.fromMe === true,
});

/** An edit is news of its own: it has the text that counts now, and names the message that it changes. */
export function readEdit(raw: RawMessage, text: string): ObservedMessage | null {
  const original = readMessage(raw);
  const version = raw._data?.['latestEditSenderTimestampMs'];
  const stamp = typeof version === 'number' ? String(version) : String(text.length);
  return original && derived(original, `edit-${stamp}`, { kind: 'edit', text });
}

export function readDeletion(raw: RawMessage): ObservedMessage | null {
  const original = readMessage(raw);
  return original && derived(original, 'deletion', { kind: 'deletion', text: '' });
}

const derived = (
  original: ObservedMessage,
  suffix: string,
  changes: Pick<ObservedMessage, 'kind' | 'text'>,
): ObservedMessage => ({
  ...original,
  ...changes,
  messageId: `${original.messageId}-${suffix}`,
  quotedMessageId: original.messageId,
});

export function readReaction(raw: RawReaction): ObservedMessage | null {
  const messageId = messageIdOf(raw.id);
  const chatId = chatIdOf(raw.id);
  if (messageId === null || !isPersonal(chatId)) return null;
  return {
    messageId,
    ...whereAndWhen(chatId, raw),
    kind: 'reaction',
    text: raw.reaction ?? '',
    quotedMessageId: messageIdOf(raw.msgId),
  };
}

/** `at` is handed in: the library does not say when somebody called. */
export function readCall(raw: RawCall, at: Date): ObservedMessage | null {
  const chatId = widText(raw.from);
  if (typeof raw.id !== 'string' || raw.isGroup === true || !isPersonal(chatId)) return null;
  return {
    messageId: raw.id,
    at,
    phone: phoneOf(chatId),
    lid: lidOf(chatId),
    chatId,
    fromMe: raw.fromMe === true,
    kind: 'call',
    text: '',
    quotedMessageId: null,
  };
}

export function readHistoryEntry(raw: RawMessage): HistoryEntry | null {
  const seen = readMessage(raw);
  if (!seen) return null;
  const { messageId, at, fromMe, kind, text } = seen;
  const ack = ackOf(raw.ack);
  return { messageId, at, fromMe, text, mediaKind: MEDIA.has(kind) ? (kind as MediaKind) : null, ack };
}

/** The library's numbers are WhatsApp's own; what is none of them says nothing yet. */
export const ackOf = (ack: unknown): HistoryEntry['ack'] =>
  ack === -1 || ack === 1 || ack === 2 || ack === 3 || ack === 4 ? ack : 0;
