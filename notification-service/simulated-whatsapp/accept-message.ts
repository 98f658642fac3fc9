import { planAcks } from './acks.ts';
import { announceMessage } from './device-events.ts';
import { logEntryOf } from './log-entry.ts';
import { changed, nowMs, type Message, type Network } from './network.ts';
import { chatOf, numberOf } from './numbers.ts';
import { hexOf } from './seeded.ts';

export type MessageDraft = Pick<
  Message,
  'device' | 'connection' | 'from' | 'to' | 'kind' | 'text' | 'media'
> &
  Partial<Pick<Message, 'quoted' | 'lateMs' | 'hold' | 'receivedAtMs'>> & {
    id?: string | null;
    /** Whether the other side is shown by its hidden id (as WhatsApp does) or by its phone. */
    addressing?: 'lid' | 'phone';
  };

/**
 * The network takes a message: from here on it is in the history and in the log, and nothing undoes that.
 * Two sends are two messages, also under one id: the real one does not deduplicate either.
 */
export function acceptMessage(network: Network, draft: MessageDraft, receivedAtMs: number): Message {
  const chat = chatOf(network, draft.from, draft.to);
  const ordinal = (chat.sentBy.get(draft.from) ?? 0) + 1;
  const message: Message = {
    seq: network.log.length + 1,
    id: draft.id ?? `3EB0${hexOf(network.settings.seed, 18, 'id', draft.from, draft.to, ordinal)}`,
    atMs: nowMs(network),
    device: draft.device,
    connection: draft.connection,
    from: draft.from,
    to: draft.to,
    kind: draft.kind,
    text: draft.text,
    media: draft.media,
    quoted: draft.quoted ?? null,
    ordinal,
    blocked: numberOf(network, draft.to).blocked.has(draft.from),
    lateMs: draft.lateMs ?? 0,
    hold: draft.hold ?? null,
    acks: [],
    receivedAtMs,
    answeredAtMs: null,
  };
  chat.sentBy.set(draft.from, ordinal);
  chat.messages.push(message);
  network.log.push(message);
  network.record({ accepted: logEntryOf(message) });
  if (message.hold === 'reconnect' && message.device) network.devices.get(message.device)?.held.add(message);
  announceMessage(network, message, draft.addressing ?? 'lid');
  for (const { ack, afterMs } of planAcks(network.settings, message)) {
    network.agenda.add(message.atMs + afterMs, { message, ack });
  }
  changed(network);
  return message;
}
