import { Model } from './models.js';

const ERROR_CODES = { refused_463: 463, refused_475: 475 };

/**
 * Adds a message to its chat and sends it: two promises, of the local copy and of what the server said. The second
 * does not settle while the server says nothing, and a refusal resolves it, as in the real page.
 */
export function addAndSend(session, chat, draft) {
  const message = new Model({ ...draft, t: Math.floor(session.calendarNowMs() / 1000) });
  const messageId = message.id.id;
  const result = new Promise(resolve => {
    session.results.set(messageId, ack => {
      // The code of a refusal comes with the answer, just after its ack.
      setTimeout(
        () => resolve(ack >= 1 ? { messageSendResult: 'OK' } : { messageSendResult: 'ERROR_UNKNOWN' }),
        ack >= 1 ? 0 : 200,
      );
    });
    session.chats.put(chat, message);
    void send(session, chat, message).catch(error => {
      message.set({ ack: -1 });
      const errorCode = ERROR_CODES[error.code];
      resolve({ messageSendResult: 'ERROR_UNKNOWN', ...(errorCode ? { errorCode } : {}) });
    });
  }).finally(() => session.results.delete(messageId));
  return [Promise.resolve(message), result];
}

async function send(session, chat, message) {
  const media = message.filehash ? await session.media.take(message) : null;
  await session.line.ask({
    op: 'send',
    chatId: chat.id._serialized,
    messageId: message.id.id,
    text: media ? (message.caption ?? '') : message.body,
    media,
  });
}
