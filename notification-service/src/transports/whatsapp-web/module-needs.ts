/** Modules of WhatsApp Web without which nothing of this works, by what stops without them. */
export const MODULES = {
  start: [
    'WAWebSocketModel',
    'WAWebCmd',
    'WAWebConnModel',
    'WAWebOfflineHandler',
    'WAWebAltDeviceLinkingApi',
    'WABase64',
    'WAWebCompanionRegClientUtils',
    'WAWebAdvSignatureApi',
    'WAWebUserPrefsInfoStore',
    'WAWebSignalStoreApi',
    'WAWebUserPrefsMultiDevice',
  ],
  ready: ['WAWebUserPrefsMeUser', 'WAWebCollections', 'WAWebSyncGatingUtils', 'WAWebCallCollection'],
  listen: ['WALinkify'],
  send: [
    'WAWebWidFactory',
    'WAWebMsgKey',
    'WAWebChatGetters',
    'WAWebGetEphemeralFieldsMsgActionsUtils',
    'WAWebSendMsgChatAction',
    'WAWebFindChatAction',
  ],
  media: [
    'WAWebMediaOpaqueData',
    'WAWebPrepRawMedia',
    'WAWebMediaStorage',
    'WAWebMmsMediaTypes',
    'WAWebMediaDataUtils',
    'WAWebMediaInMemoryBlobCache',
    'WAWebMediaMmsV4Upload',
  ],
  lookUp: ['WAWebQueryExistsJob', 'WAWebApiContact'],
} as const;

/** Without these the session cannot begin, or would be deaf. */
export const NEEDED_TO_BE_READY: readonly string[] = [...MODULES.start, ...MODULES.ready, ...MODULES.listen];
