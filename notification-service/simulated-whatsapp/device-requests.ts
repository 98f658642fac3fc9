import { chatListOf, historyOf } from './chat-history.ts';
import type { Request } from './frames.ts';
import { givePairingCode, unlinkDevice } from './links.ts';
import { keepMedia } from './media-box.ts';
import { changed, nowMs, type Connection, type Device, type Network, type WaitingDevice } from './network.ts';
import { chatIdOf, chatOf, numberOf, phoneBehind } from './numbers.ts';
import { receiveSend } from './receive-send.ts';

/** `silence` means that nobody answers; `error` is a reason for programs with a sentence for people. */
export type Answer =
  { ok: true; value: unknown } | { ok: false; error: string; sentence: string } | { silence: true };

const refused = (error: string, sentence: string): Answer => ({ ok: false, error, sentence });
const NO_CHAT = refused('no_chat', 'There is no such chat.');

/** Answers one question of a device that is waiting to be linked. */
export function answerWaiting(network: Network, waiting: WaitingDevice, request: Request): Answer {
  if (request.op !== 'pairing-code') return refused('not_ready', 'This device is not linked yet.');
  const phone = phoneBehind(network, request.phone);
  if (!phone || !numberOf(network, phone).registered) {
    return refused('not_on_whatsapp', 'This number is not on WhatsApp.');
  }
  return { ok: true, value: { code: givePairingCode(network, waiting, phone) } };
}

/** Answers one question of a linked device. */
export async function answerLinked(
  network: Network,
  device: Device,
  connection: Connection,
  request: Request,
): Promise<Answer> {
  switch (request.op) {
    case 'pairing-code':
      return refused('linked', 'This device is linked already.');
    case 'lookup':
      return { ok: true, value: lookUp(network, request.phone) };
    case 'typing':
      return showTyping(network, device, request);
    case 'history': {
      const other = phoneBehind(network, request.chatId);
      return other ? { ok: true, value: historyOf(network, device, other, request.sinceMs) } : NO_CHAT;
    }
    case 'chats':
      return { ok: true, value: chatListOf(network, device) };
    case 'unlink':
      return { ok: true, value: { unlinked: unlinkDevice(network, device.id, false) } };
    case 'send':
      return send(network, device, connection, request);
  }
}

function lookUp(network: Network, address: string): { chatId: string; lid: string } | null {
  const phone = phoneBehind(network, address);
  if (!phone) return null;
  const number = numberOf(network, phone);
  return number.registered ? { chatId: chatIdOf(phone), lid: number.lid } : null;
}

/** Typing takes calendar time, so the network waits for it: it is the one that knows the calendar. */
async function showTyping(
  network: Network,
  device: Device,
  { chatId, ms }: { chatId: string; ms: number },
): Promise<Answer> {
  const other = phoneBehind(network, chatId);
  if (!other) return NO_CHAT;
  chatOf(network, device.phone, other).typing = { by: device.phone, untilMs: nowMs(network) + ms };
  changed(network);
  await new Promise(resolve => setTimeout(resolve, ms / Math.max(network.calendar.rate, 1)).unref());
  return { ok: true, value: null };
}

async function send(
  network: Network,
  device: Device,
  connection: Connection,
  request: Extract<Request, { op: 'send' }>,
): Promise<Answer> {
  const to = phoneBehind(network, request.chatId);
  if (!to) return refused('not_on_whatsapp', 'This number is not on WhatsApp.');
  const media = request.media && keepMedia(network, request.media);
  const answer = await receiveSend(network, device, connection, {
    id: request.messageId,
    to,
    text: request.text,
    media,
  });
  switch (answer.kind) {
    case 'accepted':
      return { ok: true, value: { messageId: answer.messageId, lid: answer.lid } };
    case 'refused':
      return refused(answer.reason, 'The message was refused.');
    case 'silence':
      return { silence: true };
  }
}
