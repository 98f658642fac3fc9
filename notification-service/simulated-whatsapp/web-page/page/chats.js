import { createWid, msgKeyClass } from './ids.js';
import { Collection, Model } from './models.js';

/** The page's chats and messages, as it has them from the network. */
export class Chats {
  constructor({ keyName, ask, calendarNowMs, me }) {
    this.MsgKey = msgKeyClass(keyName);
    this.ask = ask;
    this.calendarNowMs = calendarNowMs;
    this.me = me;
    const textOf = ({ id }) => id[keyName] ?? id._serialized;
    this.messages = new Collection(textOf);
    this.messages.modelClass = Model;
    this.messages.getMessagesById = ids =>
      Promise.resolve({ messages: ids.map(id => this.messages.get(id)).filter(Boolean) });
    this.chats = new Collection(({ id }) => id._serialized);
    /** Hidden id ↔ phone, as far as this device was told. */
    this.phones = new Map();
    this.lids = new Map();
  }

  learn(phone, lid) {
    this.phones.set(lid, phone);
    this.lids.set(phone, lid);
  }

  /** Asks the network about a number or hidden id; null when it is not on WhatsApp. */
  async query(wid) {
    const found = await this.ask({ op: 'lookup', phone: wid._serialized });
    if (!found) return null;
    this.learn(found.chatId, found.lid);
    return { wid: wid.isLid() ? wid : createWid(found.chatId) };
  }

  /** One chat for somebody, whichever of their two ids it was begun under. */
  chatFor(wid) {
    const id = wid._serialized;
    const alias = this.phones.get(id) ?? this.lids.get(id);
    return this.chats.get(id) ?? (alias ? this.chats.get(alias) : undefined) ?? this.#newChat(wid);
  }

  #newChat(wid) {
    const chat = new Model({ id: wid, t: 0, unreadCount: 0 });
    chat.formattedTitle = wid.user;
    chat.mute = { expiration: 0 };
    chat.msgs = new Collection(({ id }) => id.id);
    return this.chats.add(chat);
  }

  /** A message that the network tells: `isNew` when it has just come, not when it is history. */
  take(wid, { messageId, atMs, fromMe, kind, text, ack = 1, quoted = null, mimeType }, isNew) {
    const chat = this.chatFor(wid);
    const known = chat.msgs.get(messageId);
    if (known) return known;
    const mine = wid.isLid() ? this.me.lid : this.me.phone;
    const id = new this.MsgKey({
      from: fromMe ? mine : chat.id,
      to: fromMe ? chat.id : mine,
      id: messageId,
      fromMe,
    });
    const isMedia = ['image', 'video', 'audio', 'document'].includes(kind);
    const message = new Model({
      id,
      ack,
      from: fromMe ? mine : chat.id,
      to: fromMe ? chat.id : mine,
      t: Math.floor(atMs / 1000),
      type: kind === 'text' ? 'chat' : kind,
      ...(isMedia ? { caption: text, directPath: '/media', mimetype: mimeType, body: '' } : { body: text }),
      isNewMsg: isNew,
      ...(quoted ? { quotedMsg: { type: 'chat' }, quotedStanzaID: quoted } : {}),
    });
    return this.put(chat, message);
  }

  put(chat, message) {
    chat.msgs.add(message);
    // Telling goes through the one collection of all messages; the chat's own only keeps them.
    this.messages.add(message);
    chat.set({ t: Math.max(chat.t, message.t) });
    return message;
  }

  find(messageId) {
    return this.messages.getModelsArray().find(({ id }) => id.id === messageId);
  }

  /** Everybody this device has a chat with, latest first; what was said is loaded when it is asked for. */
  async loadList() {
    for (const { phone, lid, lastAtMs } of await this.ask({ op: 'chats' })) {
      this.learn(phone, lid);
      this.chatFor(createWid(lid)).set({ t: Math.floor(lastAtMs / 1000) });
    }
  }

  /** All earlier messages of a chat at once; afterwards there are none. */
  async loadEarlier(chat) {
    if (chat.isLoaded) return [];
    chat.isLoaded = true;
    const entries = await this.ask({ op: 'history', chatId: chat.id._serialized, sinceMs: 0 });
    const known = new Set(chat.msgs.getModelsArray().map(({ id }) => id.id));
    return entries
      .filter(({ messageId }) => !known.has(messageId))
      .map(({ at, mediaKind, kind, ...entry }) =>
        this.take(chat.id, { ...entry, atMs: Date.parse(at), kind: mediaKind ?? kind ?? 'text' }, false),
      );
  }
}
