import {
  TransportError,
  type ChatRef,
  type HistoryEntry,
  type MessagePart,
  type SendOutcome,
  type Session,
} from '../../channels/transport.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Core } from './core.ts';
import type { Deadlines } from './deadlines.ts';
import { ENDINGS } from './endings.ts';
import { whatWasThrown, within } from './failures.ts';
import { messageIdOf, widText } from './message-ids.ts';
import type { NumberCache } from './number-cache.ts';
import { ackOf, readHistoryEntry } from './observe.ts';
import type { Outgoing, RawMessage } from './page-client.ts';
import { LOG_OUT } from './page-scripts.ts';
import type { Send } from './sends.ts';

export interface SessionParts {
  core: Core;
  channelId: string;
  deadlines: Deadlines;
  clock: Clock;
  numbers: NumberCache;
  logger: { warn(message: string, fields: Record<string, unknown>): unknown };
  /** Deletes the stored login; the session is over by then. */
  forget(): Promise<void>;
}

/** The port's session over one core. */
export function createSession(parts: SessionParts): Session {
  const { core } = parts;
  return {
    get alive() {
      return core.isAlive;
    },
    requestPairingCode: phone => requestPairingCode(parts, phone),
    lookUp: phone => lookUp(parts, phone),
    typing: (chatId, ms) => showTyping(parts, chatId, ms),
    // WhatsApp Web chooses the ids itself.
    newMessageId: () => null,
    send: (chatId, part) => send(parts, chatId, part),
    history: (chatId, since) => readHistory(parts, chatId, since),
    unlink: () => unlink(parts),
    close: () => core.end(ENDINGS.closed),
  };
}

async function requestPairingCode({ core, deadlines }: SessionParts, phone: string): Promise<string> {
  if (!(await core.whenLinking(deadlines.startMs))) {
    throw new TransportError('not_ready', 'This channel is not waiting to be linked.');
  }
  try {
    return await core.ask(client => client.requestPairingCode(phone));
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw new TransportError('refused', 'WhatsApp gave no code for this number.', { cause: error });
  }
}

/** Number → chat id and hidden id, together: an id that was made up from digits may be nobody's. */
async function lookUp({ core, numbers }: SessionParts, phone: string): Promise<ChatRef | null> {
  readyCore(core);
  const known = numbers.get(phone);
  if (known) return known;
  try {
    const chatId = widText(await core.ask(client => client.numberId(phone)));
    if (chatId === null) return null;
    const { lid } = await core.ask(client => client.lidAndPhone(chatId));
    const found = { chatId, lid: lid ?? null };
    numbers.keep(phone, found);
    return found;
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw new TransportError('not_ready', 'WhatsApp could not be asked about this number.', { cause: error });
  }
}

async function showTyping(parts: SessionParts, chatId: string, ms: number): Promise<void> {
  const { core, clock, logger, channelId } = parts;
  if (!core.isReady) return;
  try {
    await core.ask(client => client.showTyping(chatId, true));
    await new Promise(resolve => setTimeout(resolve, ms / Math.max(clock.rate, 1)));
    if (core.isAlive) await core.ask(client => client.showTyping(chatId, false));
  } catch (error) {
    logger.warn('Typing could not be shown.', { channelId, error: whatWasThrown(error) });
  }
}

/** Calls the page at once. What WhatsApp's server says of the message ends it, not what the library returns. */
function send(parts: SessionParts, chatId: string, part: MessagePart): Promise<SendOutcome> {
  const { core, deadlines } = parts;
  if (!core.isReady) return Promise.resolve({ kind: 'not_sent', reason: 'not_ready' });
  const sent = core.sends.begin(part.text, deadlines.sendConfirmMs);
  core.client.send(chatId, outgoing(part)).then(
    (raw: RawMessage | undefined) => {
      const messageId = messageIdOf(raw?.id);
      // Without one it went out all the same: its echo, its ack or the deadline will tell.
      if (messageId !== null) sent.returned(messageId, ackOf(raw?.ack));
    },
    (error: unknown) => void failed(parts, sent, chatId, error),
  );
  return sent.outcome;
}

const outgoing = ({ text, media }: MessagePart): Outgoing => ({
  text,
  media: media && {
    mimeType: media.mimeType,
    filename: media.filename,
    base64: media.bytes.toString('base64'),
    asDocument: media.kind === 'document',
  },
});

/** What the library throws before it hands a message to WhatsApp Web; anything else proves nothing. */
const BEFORE_THE_WIRE =
  /No LID for user|wid error|upload failed|media-fault|Cannot find module|Requiring unknown module|no page yet/i;

async function failed(parts: SessionParts, sent: Send, chatId: string, error: unknown): Promise<void> {
  const text = whatWasThrown(error);
  parts.logger.warn('A message could not be handed to WhatsApp Web.', {
    channelId: parts.channelId,
    error: text,
  });
  if (sent.messageId !== null || !BEFORE_THE_WIRE.test(text)) return;
  const isUnknownNumber = /No LID for user/i.test(text) && !(await isOnWhatsApp(parts, chatId));
  sent.settle({ kind: 'not_sent', reason: isUnknownNumber ? 'not_on_whatsapp' : 'not_ready' });
}

/** Asking also teaches the page the hidden id that it had missed, so that the next try finds it. */
async function isOnWhatsApp({ core, numbers }: SessionParts, chatId: string): Promise<boolean> {
  const phone = chatId.replace(/@c\.us$/, '');
  numbers.forget(phone);
  return core
    .ask(client => client.numberId(phone))
    .then(
      wid => widText(wid) !== null,
      () => true,
    );
}

const FIRST_PAGE = 60;
const LONGEST_PAGE = 960;

/** One chat as this device has it. It is asked for more than is wanted: a busy second gives the wrong ones. */
async function readHistory({ core }: SessionParts, chatId: string, since: Date): Promise<HistoryEntry[]> {
  readyCore(core);
  // Messages know whole seconds only.
  const sinceMs = Math.floor(since.getTime() / 1000) * 1000;
  for (let limit = FIRST_PAGE; ; limit *= 4) {
    const entries = (await core.ask(client => client.messages(chatId, limit)))
      .map(readHistoryEntry)
      .filter(entry => entry !== null)
      .sort((a, b) => a.at.getTime() - b.at.getTime());
    const reachesBack = entries.length < limit || (entries[0]?.at.getTime() ?? 0) < sinceMs;
    if (reachesBack || limit >= LONGEST_PAGE) return entries.filter(({ at }) => at.getTime() >= sinceMs);
  }
}

/** Asks WhatsApp to forget this device; the login is deleted whatever it says. */
async function unlink(parts: SessionParts): Promise<{ unlinked: boolean }> {
  const { core, deadlines, logger, channelId } = parts;
  const isConnected = core.isReady;
  core.leave();
  let unlinked = false;
  if (isConnected) {
    const asked = core.client.evaluate<boolean>(LOG_OUT);
    unlinked = await within(deadlines.callMs, asked, 'WhatsApp did not answer in time.').catch(
      (error: unknown) => {
        logger.warn('WhatsApp did not confirm that the device was unlinked.', {
          channelId,
          error: whatWasThrown(error),
        });
        return false;
      },
    );
  }
  await core.end(ENDINGS.closed);
  await parts.forget();
  return { unlinked };
}

function readyCore(core: Core): void {
  if (!core.isReady) throw new TransportError('not_ready', 'This channel is not connected at the moment.');
}
