import { Chats } from './chats.js';
import { createWid } from './ids.js';
import { Line } from './line.js';
import { Emitter, Model } from './models.js';
import { forgetLogin, loadLogin, saveLogin } from './storage.js';

const RECONNECT_MS = 300;

/** What the page is: its states, its identity and its line, played as the real one plays them. */
export class PageSession {
  constructor(settings) {
    this.settings = settings;
    this.socket = new Model({ state: 'OPENING', hasSynced: false });
    this.conn = new Model({ ref: undefined, pushname: 'Stand-in', platform: 'android', battery: undefined });
    this.cmd = new Emitter();
    this.calls = Object.assign(new Emitter(), { map: new Map() });
    this.me = { phone: null, lid: null };
    this.progress = 0;
    this.name = crypto.randomUUID();
    this.loadedAtMs = Date.now();
    this.chats = new Chats({
      keyName: settings.keyName,
      ask: frame => this.line.ask(frame),
      calendarNowMs: () => this.calendarNowMs(),
      me: this.me,
    });
    this.line = new Line({ event: event => this.hear(event), lost: () => this.lose() });
    this.events = Promise.resolve();
    this.results = new Map();
    this.reactions = () => undefined;
  }

  calendarNowMs() {
    const { atMs, rate } = this.settings.calendar;
    return atMs + (Date.now() - this.loadedAtMs) * rate;
  }

  async start() {
    this.login = await loadLogin();
    if (this.settings.hang === 'opening') return;
    this.dial(false);
  }

  dial(resume) {
    this.line.dial({ session: this.name, resume: resume && this.login !== null, login: this.login });
  }

  /** A fresh set of QRs for a device that nobody has scanned. */
  refreshQr() {
    if (this.login === null) this.dial(false);
  }

  lose() {
    if (this.isOver) return;
    if (this.socket.state === 'CONNECTED') this.socket.set({ state: 'TIMEOUT' });
    setTimeout(() => {
      if (this.isOver) return;
      if (this.login !== null) this.socket.set({ state: 'OPENING' });
      this.dial(true);
    }, RECONNECT_MS);
  }

  /** One after the other: what a scan brings is stored before the page is ready. */
  hear(event) {
    this.events = this.events.then(() => this.take(event)).catch(error => console.error(error));
  }

  async take(event) {
    switch (event.ev) {
      case 'qr':
        this.conn.set({ ref: event.text });
        this.socket.set({ state: 'UNPAIRED' });
        break;
      case 'linking':
        this.socket.set({ state: 'PAIRING' });
        break;
      case 'linked':
        this.login = event.login;
        await saveLogin(event.login);
        break;
      case 'ready':
        await this.becomeReady(event.identity);
        break;
      case 'message':
        await this.takeMessage(event.message);
        this.line.write({ op: 'confirm', upTo: event.n });
        break;
      case 'receipt':
        this.takeReceipt(event.receipt);
        this.line.write({ op: 'confirm', upTo: event.n });
        break;
      case 'state':
        if (event.state === 'RELOAD') location.reload();
        else this.socket.set({ state: event.state });
        break;
      case 'closed':
        await this.end(event.reason);
        break;
    }
  }

  async becomeReady({ phone, lid }) {
    this.me.phone = createWid(`${phone}@c.us`);
    this.me.lid = createWid(lid);
    this.socket.set({ state: 'CONNECTED' });
    if (this.socket.hasSynced || this.settings.hang === 'sync') return;
    await this.chats.loadList();
    for (this.progress of [25, 75, 100]) {
      await new Promise(resolve => setTimeout(resolve, this.settings.syncMs / 3));
      this.cmd.trigger('offline_progress_update_from_bridge');
    }
    this.socket.set({ hasSynced: true });
  }

  async takeMessage({ messageId, at, phone, lid, chatId, fromMe, kind, text, quotedMessageId }) {
    const wid = createWid(chatId);
    if (lid !== null && !this.chats.phones.has(lid) && !this.settings.hideNumbers)
      await this.chats.query(wid);
    const message = { messageId, atMs: Date.parse(at), fromMe, kind, text, quoted: quotedMessageId };
    const target = quotedMessageId ? this.chats.find(quotedMessageId) : undefined;
    if (kind === 'edit' && target) target.set({ body: text });
    else if (kind === 'deletion' && target) target.set({ type: 'revoked' });
    else if (kind === 'call')
      this.calls.map.set(messageId, { id: messageId, peerJid: wid, outgoing: fromMe });
    else if (kind === 'reaction') this.react(wid, message);
    else this.chats.take(wid, message, true);
    void phone;
  }

  react(wid, { messageId, atMs, fromMe, text, quoted }) {
    const { MsgKey } = this.chats;
    const key = id =>
      new MsgKey({ from: fromMe ? this.me.phone : wid, to: fromMe ? wid : this.me.phone, id, fromMe });
    this.addons.bulkUpsert([
      {
        id: key(messageId),
        reactionParentKey: key(quoted ?? ''),
        reactionTimestamp: atMs,
        reactionText: text,
        author: fromMe ? this.me.phone : wid,
        ack: 1,
      },
    ]);
  }
  addons = { bulkUpsert: () => undefined };

  takeReceipt({ messageId, ack, at }) {
    const message = this.chats.find(messageId);
    if (!message) return;
    if (ack === -1 || ack > message.ack)
      message.set({ ack, ...(ack === 1 ? { t: Math.floor(Date.parse(at) / 1000) } : {}) });
    if (ack !== 0) this.results.get(messageId)?.(ack);
  }

  async end(reason) {
    if (reason === 'link_timeout') {
      this.line.hangUp();
      this.socket.set({ state: 'UNPAIRED_IDLE' });
    } else if (reason === 'replaced') {
      this.isOver = true;
      this.line.hangUp();
      this.socket.set({ state: 'CONFLICT' });
    } else {
      await this.forget();
    }
  }

  /** The phone has removed this device: what a login needs is deleted, and the page begins again. */
  async forget() {
    const wasUsed = this.socket.state === 'CONNECTED';
    this.isOver = true;
    this.line.hangUp();
    await forgetLogin();
    if (!wasUsed && this.settings.revoked === 'qr') {
      this.isOver = false;
      this.login = null;
      this.dial(false);
      return;
    }
    this.cmd.trigger('logout');
    setTimeout(() => location.assign('/?post_logout=1'), 50);
  }

  async logout() {
    await this.line.ask({ op: 'unlink' });
    await this.forget();
  }
}
