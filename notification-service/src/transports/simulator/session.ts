import {
  TransportError,
  type MessagePart,
  type OpenSession,
  type Session,
} from '../../channels/transport.ts';
import { newToken, type Random } from '../../platform/random.ts';
import { createConnection, type Connection } from './connection.ts';
import { values } from './frames.ts';
import type { LoginStore } from './login-store.ts';
import { RefusedByNetwork } from './questions.ts';

/** All in real milliseconds. */
export interface SessionDeadlines {
  /** One question to the network, and one try to reach it. */
  callDeadlineMs: number;
  /** From the call of `send` to ack 1; afterwards the message is `unknown`. */
  sendConfirmMs: number;
  /** How long a lost line is tried again before the session is given up as `lost`. */
  reconnectWithinMs: number;
  heartbeatMs: number;
  /**
   * How long after it was handed over an incoming event is confirmed. A process that dies within this time
   * gets it again at its next session: at least once, so a STOP is not lost with the process that heard it.
   */
  confirmAfterMs: number;
}

export interface SessionDeps extends SessionDeadlines {
  url: string;
  loginStore: LoginStore;
  random: Random;
  logger: { warn(message: string, fields: Record<string, unknown>): unknown };
}

/** Opens the line and returns the session; its events begin in the next turn of the event loop. */
export async function openSession(
  deps: SessionDeps,
  args: OpenSession,
  onOver: () => void,
): Promise<Session> {
  const connection = createConnection(deps, args, onOver);
  await connection.open();
  return {
    get alive() {
      return connection.isAlive;
    },
    requestPairingCode: phone => requestPairingCode(deps, connection, phone),
    async lookUp(phone) {
      return readyLine(connection).ask({ op: 'lookup', phone }, values.lookup, deps.callDeadlineMs);
    },
    typing: (chatId, ms) => showTyping(deps, connection, chatId, ms),
    newMessageId: () => `3EB0${newToken().slice(0, 18).toUpperCase()}`,
    send: (chatId, part, messageId) => send(deps, connection, chatId, part, messageId),
    history: (chatId, since) => readHistory(deps, connection, chatId, since),
    unlink: () => unlink(deps, connection, args.channelId),
    close() {
      connection.end('closed');
      return Promise.resolve();
    },
  };
}

async function requestPairingCode(deps: SessionDeps, connection: Connection, phone: string): Promise<string> {
  if (!(await connection.whenWaiting(deps.callDeadlineMs))) {
    throw new TransportError('not_ready', 'This channel is not waiting to be linked.');
  }
  const question = { op: 'pairing-code', phone };
  return (await connection.questions.ask(question, values.pairingCode, deps.callDeadlineMs)).code;
}

async function showTyping(
  deps: SessionDeps,
  connection: Connection,
  chatId: string,
  ms: number,
): Promise<void> {
  if (!connection.isReady) return;
  try {
    await connection.questions.ask({ op: 'typing', chatId, ms }, values.typing, ms + deps.callDeadlineMs);
  } catch (error) {
    deps.logger.warn('Typing could not be shown.', { reason: String(error) });
  }
}

/** Writes at once: a session that is ready now is the one that the caller has looked at. */
async function send(
  deps: SessionDeps,
  connection: Connection,
  chatId: string,
  part: MessagePart,
  chosen: string | null,
) {
  const messageId = chosen ?? `3EB0${newToken().slice(0, 18).toUpperCase()}`;
  if (!connection.isReady) return { kind: 'not_sent', reason: 'not_ready', messageId } as const;
  const { sends, questions } = connection;
  const outcome = sends.begin(messageId, deps.sendConfirmMs);
  const media = part.media && {
    kind: part.media.kind,
    mimeType: part.media.mimeType,
    filename: part.media.filename,
    base64: part.media.bytes.toString('base64'),
  };
  questions
    .ask({ op: 'send', chatId, messageId, text: part.text, media }, values.sent, deps.sendConfirmMs)
    .then(({ lid }) => sends.accepted(messageId, lid))
    .catch((error: unknown) => {
      // Any other failure says nothing about the message: its receipt or its deadline will.
      if (error instanceof RefusedByNetwork) sends.refused(messageId, error.code);
    });
  return outcome;
}

async function readHistory(deps: SessionDeps, connection: Connection, chatId: string, since: Date) {
  const question = { op: 'history', chatId, sinceMs: since.getTime() };
  const entries = await readyLine(connection).ask(question, values.history, deps.callDeadlineMs);
  return entries.map(entry => ({ ...entry, at: new Date(entry.at) }));
}

/** Asks the network to forget this device; the login is deleted whatever it says. */
async function unlink(
  deps: SessionDeps,
  connection: Connection,
  channelId: string,
): Promise<{ unlinked: boolean }> {
  try {
    const confirmed = connection.isReady ? await askToUnlink(deps, connection) : false;
    await deps.loginStore.remove(channelId);
    return { unlinked: confirmed };
  } finally {
    connection.end('closed');
  }
}

async function askToUnlink(deps: SessionDeps, connection: Connection): Promise<boolean> {
  try {
    return (await connection.questions.ask({ op: 'unlink' }, values.unlinked, deps.callDeadlineMs)).unlinked;
  } catch (error) {
    deps.logger.warn('WhatsApp did not confirm that the device was unlinked.', { reason: String(error) });
    return false;
  }
}

function readyLine(connection: Connection): Connection['questions'] {
  if (!connection.isReady)
    throw new TransportError('not_ready', 'This channel is not connected at the moment.');
  return connection.questions;
}
