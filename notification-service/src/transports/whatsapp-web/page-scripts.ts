/**
 * What runs inside the page, as text: a function would carry helpers of our own compiler with it. Each is one
 * expression; none of them changes anything but what its name says.
 */
const SOCKET = `window.require('WAWebSocketModel').Socket`;

/** Where the page is: `{state, hasSynced, isHeard, me}`; `isHeard` says that the library listens to messages. */
export const SNAPSHOT = `(() => {
  const text = wid => wid ? (wid._serialized ?? wid.$1 ?? wid.user + '@' + wid.server) : null;
  const attempt = read => { try { return read(); } catch { return null; } };
  const socket = attempt(() => ${SOCKET});
  const user = attempt(() => window.require('WAWebUserPrefsMeUser'));
  return {
    state: socket?.state ?? null,
    hasSynced: socket?.hasSynced === true,
    isHeard: window.WWebJS !== undefined && window.onAddMessageEvent !== undefined && window.onPollVoteEvent !== undefined,
    phone: text(user?.getMaybeMePnUser?.()),
    lid: text(user?.getMaybeMeLidUser?.()),
  };
})()`;

/** The library may have begun to listen after the page had synced: then nobody tells it. */
export const TELL_SYNCED = `window.onAppStateHasSyncedEvent()`;

/** The library's own renewal of a used-up QR runs in the wrong place and does nothing. */
export const REFRESH_QR = `window.require('WAWebLaunchSocketUtils').refreshQR()`;

export const LOG_OUT = `Promise.resolve(${SOCKET}.logout()).then(() => true)`;

/**
 * The library waits for the server's answer to a send and throws it away, with the code of a refusal in it. From here
 * on it is kept, by message id, for {@link refusalOf}.
 */
export const KEEP_ANSWERS = `(() => {
  if (window.relanceAnswers) return;
  const action = window.require('WAWebSendMsgChatAction');
  const send = action.addAndSendMsgToChat;
  const answers = (window.relanceAnswers = new Map());
  action.addAndSendMsgToChat = function (...args) {
    const promises = send.apply(this, args);
    Promise.resolve(promises?.[1]).then(
      answer => answers.set(args[1]?.id?.id, answer ?? null),
      () => undefined,
    );
    return promises;
  };
})()`;

/** What the server answered to this message, once it did: `{result, code}`. */
export const answerTo = (messageId: string): string => `(() => {
  const answer = window.relanceAnswers?.get(${JSON.stringify(messageId)});
  if (!answer) return null;
  window.relanceAnswers.delete(${JSON.stringify(messageId)});
  return { result: answer.messageSendResult ?? null, code: answer.errorCode ?? answer.error ?? answer.code ?? null };
})()`;

/** Which of the page's modules are not there any more. */
export const missingModules = (names: readonly string[]): string => `${JSON.stringify(names)}.filter(name => {
  try { return window.require(name) == null; } catch { return true; }
})`;

/** Chats with something newer than an instant (seconds): their ids. Groups, broadcasts and channels are left out. */
export const chatsSince = (
  seconds: number,
): string => `window.require('WAWebCollections').Chat.getModelsArray()
  .filter(chat => chat.t >= ${Math.floor(seconds)} && ['c.us', 'lid'].includes(chat.id.server))
  .map(chat => chat.id._serialized ?? chat.id.$1)`;
