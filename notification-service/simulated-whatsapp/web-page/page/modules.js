import { createWid } from './ids.js';
import { addAndSend } from './sending.js';

/** WhatsApp Web's own modules by name: those that whatsapp-web.js touches, and of each what it touches. */
export function modulesOf(session) {
  const { chats, media, socket, conn, cmd, me } = session;
  const { MsgKey } = chats;
  const bytes = text => new TextEncoder().encode(text.padEnd(32, '.').slice(0, 32));
  const links = text => [...String(text ?? '').matchAll(/https?:\/\/\S+/g)].map(([href]) => ({ href }));
  return {
    WAWebSocketModel: { Socket: Object.assign(socket, { logout: () => session.logout() }) },
    WAWebCmd: { Cmd: cmd },
    WAWebConnModel: { Conn: conn },
    WAWebOfflineHandler: { OfflineMessageHandler: { getOfflineDeliveryProgress: () => session.progress } },
    WAWebAltDeviceLinkingApi: {
      setPairingType: () => undefined,
      initializeAltDeviceLinking: () => Promise.resolve(),
      startAltLinkingFlow: async phone => (await session.line.ask({ op: 'pairing-code', phone })).code,
      initializeQRLinking: () => Promise.resolve(),
    },
    WABase64: { encodeB64: buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))) },
    WAWebCompanionRegClientUtils: { DEVICE_PLATFORM: 1 },
    WAWebAdvSignatureApi: {},
    WAWebUserPrefsInfoStore: {
      waNoiseInfo: {
        get: () => Promise.resolve({ staticKeyPair: { pubKey: bytes(`noise ${session.name}`) } }),
      },
    },
    WAWebSignalStoreApi: {
      waSignalStore: {
        getRegistrationInfo: () =>
          Promise.resolve({ identityKeyPair: { pubKey: bytes(`id ${session.name}`) } }),
      },
    },
    WAWebUserPrefsMultiDevice: { getADVSecretKey: () => btoa(session.name) },
    WAWebMiscBrowserUtils: { info: () => ({ os: 'Linux', name: 'Chrome' }) },
    WAWebLaunchSocketUtils: { refreshQR: () => session.refreshQr() },
    WAWebUserPrefsMeUser: { getMaybeMePnUser: () => me.phone, getMaybeMeLidUser: () => me.lid },
    WAWebCollections: { Msg: chats.messages, Chat: chats.chats },
    WAWebSyncGatingUtils: { isPlaceholderMessageResendEnabled: () => false },
    WAWebCallCollection: session.calls,
    WAWebAddonReactionTableMode: { reactionTableMode: session.addons },
    WAWebWidFactory: { createWid, createWidFromWidLike: createWid, asUserWidOrThrow: wid => wid },
    WAWebFindChatAction: { findOrCreateLatestChat: wid => findChat(session, wid) },
    WAWebChatGetters: { getIsNewsletter: () => false, getIsBroadcast: () => false },
    WALinkify: { findLink: text => links(text)[0], findLinks: links },
    WAWebMsgKey: MsgKey,
    WAWebGetEphemeralFieldsMsgActionsUtils: { getEphemeralFields: () => ({}) },
    WAWebSendMsgChatAction: { addAndSendMsgToChat: (chat, message) => addAndSend(session, chat, message) },
    WAWebLinkPreviewChatAction: { getLinkPreview: () => Promise.resolve(null) },
    WAWebMediaOpaqueData: media.OpaqueData,
    WAWebPrepRawMedia: { prepRawMedia: (opaque, options) => media.prepRawMedia(opaque, options) },
    WAWebMediaStorage: { getOrCreateMediaObject: hash => media.getOrCreateMediaObject(hash) },
    WAWebMmsMediaTypes: { msgToMediaType: ({ type }) => type, castToV4: type => type },
    WAWebMediaDataUtils: { shouldUseMediaCache: () => true },
    WAWebMediaInMemoryBlobCache: { InMemoryMediaBlobCache: { put: () => undefined } },
    WAWebMediaMmsV4Upload: { uploadMedia: upload => media.uploadMedia(upload) },
    WAWebNonMessageDataRequestPlaceholderMessageResendUtils: { handlePlaceholderMsgsSeen: () => undefined },
    WAWebQueryExistsJob: { queryWidExists: wid => chats.query(wid) },
    WAWebApiContact: {
      getCurrentLid: wid => widOrUndefined(chats.lids.get(wid._serialized)),
      getPhoneNumber: wid => widOrUndefined(chats.phones.get(wid._serialized)),
      getAlternateUserWid: () => undefined,
    },
    WAWebStreamModel: { Stream: { markAvailable: () => undefined, markUnavailable: () => undefined } },
    WAWebUpdateUnreadChatAction: { sendSeen: () => Promise.resolve() },
    WAWebChatStateBridge: {
      sendChatStateComposing: wid => showTyping(session, wid, 25_000),
      sendChatStateRecording: wid => showTyping(session, wid, 25_000),
      sendChatStatePaused: wid => showTyping(session, wid, 0),
    },
    WAWebChatLoadMessages: { loadEarlierMsgs: ({ chat }) => chats.loadEarlier(chat) },
  };
}

const widOrUndefined = id => (id === undefined ? undefined : createWid(id));

/** A number without a hidden id that this device knows has no chat, as in the real page. */
async function findChat({ chats, settings }, wid) {
  const isKnown = wid.isLid() || chats.lids.has(wid._serialized);
  if (!isKnown && (settings.knownOnly || !(await chats.query(wid)))) throw new Error('No LID for user');
  return { chat: chats.chatFor(wid) };
}

/** Nobody waits for it: the network answers when the typing is over. */
function showTyping({ line }, wid, ms) {
  line.ask({ op: 'typing', chatId: wid._serialized, ms }).catch(() => undefined);
  return Promise.resolve();
}
