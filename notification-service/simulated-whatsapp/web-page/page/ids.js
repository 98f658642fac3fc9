/** WhatsApp's two kinds of id: of somebody (`Wid`), and of a message (`MsgKey`). */
export class Wid {
  constructor(user, server) {
    this.server = server;
    this.user = user;
    this._serialized = `${user}@${server}`;
  }

  isLid() {
    return this.server === 'lid';
  }
  isUser() {
    return this.server === 'c.us' || this.server === 'lid';
  }
  isGroup() {
    return this.server === 'g.us';
  }
  isStatus() {
    return this._serialized === 'status@broadcast';
  }
  toJid() {
    return this._serialized.replace('@c.us', '@s.whatsapp.net');
  }
  toString() {
    return this._serialized;
  }
}

/** Throws, as the real one does, for what is no id. */
export function createWid(id) {
  if (id instanceof Wid) return id;
  const [user, server] = String(id).split('@');
  if (!user || !server) throw new Error(`wid error: invalid wid ${String(id)}`);
  return new Wid(user, server === 's.whatsapp.net' ? 'c.us' : server);
}

/** Which name the text form of a message's id has: `_serialized`, and `$1` since July 2026. */
export function msgKeyClass(keyName) {
  return class MsgKey {
    constructor({ from, to, id, participant, selfDir, fromMe = selfDir === 'out' }) {
      this.fromMe = fromMe;
      this.remote = fromMe ? to : from;
      this.id = id;
      if (participant) this.participant = participant;
      this[keyName] = [String(fromMe), this.remote._serialized, id].join('_');
    }

    static newId() {
      const bytes = crypto.getRandomValues(new Uint8Array(9));
      return Promise.resolve(
        `3EB0${[...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('')}`.toUpperCase(),
      );
    }

    toString() {
      return this[keyName];
    }
  };
}
