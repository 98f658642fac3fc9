import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import wweb from 'whatsapp-web.js';
import type { Browser, Page } from 'puppeteer';
import { guarded } from './failures.ts';
import type { RawMessageId } from './message-ids.ts';

/** A message as the library hands it over, as far as we read it. Instants are seconds. */
export interface RawMessage {
  id: RawMessageId;
  ack?: number;
  body?: string;
  type?: string;
  timestamp?: number;
  from?: string;
  to?: string;
  fromMe?: boolean;
  isStatus?: boolean;
  _data?: Record<string, unknown>;
}

export interface RawReaction {
  id?: RawMessageId;
  msgId?: RawMessageId;
  reaction?: string;
  timestamp?: number;
  senderId?: string;
}

export interface RawCall {
  id?: string;
  from?: unknown;
  isGroup?: boolean;
  fromMe?: boolean;
}

/** What the library says by itself. Each may come again and again; none may throw back into the page. */
export interface PageEvents {
  launched(): void;
  qr(text: string): void;
  code(code: string): void;
  authenticated(): void;
  ready(): void;
  loading(): void;
  state(state: string): void;
  disconnected(reason: string): void;
  message(message: RawMessage): void;
  ack(message: RawMessage, ack: number): void;
  edited(message: RawMessage, text: string): void;
  deleted(message: RawMessage): void;
  reaction(reaction: RawReaction): void;
  call(call: RawCall): void;
  /** The library began anew in the page and failed. */
  injectionFailed(error: unknown): void;
  /** The page is loaded anew: what was known of it is not true any more. */
  navigated(): void;
  browserGone(): void;
  pageCrashed(): void;
  /** Something of ours failed while it listened. */
  listenerFailed(error: unknown): void;
}

export interface PageClientOptions {
  /** The channel's own directory; the profile is in `session/` below it. */
  dir: string;
  executablePath: string;
  args: string[];
  userAgent: string;
  launchTimeoutMs: number;
  /** Every question to the page ends after this. */
  protocolTimeoutMs: number;
  /** How long the page may take until it shows what it is. */
  authTimeoutMs: number;
  /** Ends a launch that is under way. */
  signal: AbortSignal;
  /** A version of WhatsApp Web to hold on to, and where its page is kept; the newest when null. */
  pinnedVersion: { version: string; cacheDir: string } | null;
}

/** One whatsapp-web.js client in one browser. Nothing of the library is seen outside of this file. */
export interface PageClient {
  /** Resolves when the page shows a QR or is logging in. Rejects with whatever went wrong; may never settle. */
  initialize(): Promise<void>;
  /** The browser's own process, once it runs. */
  browserProcess(): ChildProcess | null;
  /** Runs one expression in the page. */
  evaluate<T>(script: string): Promise<T>;
  requestPairingCode(phone: string): Promise<string>;
  numberId(phone: string): Promise<unknown>;
  /** Hidden id and phone of somebody, as far as WhatsApp tells. */
  lidAndPhone(id: string): Promise<{ lid?: string; pn?: string }>;
  send(chatId: string, content: Outgoing): Promise<RawMessage | undefined>;
  showTyping(chatId: string, isTyping: boolean): Promise<void>;
  messages(chatId: string, limit: number): Promise<RawMessage[]>;
  reload(): Promise<void>;
  /** Closes the browser politely; may hang. */
  destroy(): Promise<void>;
}

export interface Outgoing {
  text: string;
  media: { mimeType: string; filename: string; base64: string; asDocument: boolean } | null;
}

export function createPageClient(options: PageClientOptions, on: PageEvents): PageClient {
  let child: ChildProcess | null = null;

  const launched = (browser: Browser, page: Page): void => {
    if (child) return;
    child = browser.process();
    // A pipe that breaks while two ends close it has no other listener, and would end this process.
    for (const stream of child?.stdio ?? []) stream?.on('error', () => undefined);
    browser.on('disconnected', () => on.browserGone());
    page.on('error', () => on.pageCrashed());
    page.on('framenavigated', frame => {
      if (frame === page.mainFrame() && client.isInitialized) on.navigated();
    });
    page.on('close', () => on.pageCrashed());
    on.launched();
  };

  const client = new OwnedClient(options, launched, error => on.injectionFailed(error));
  listen(client, on);

  const page = (): Page => {
    if (!client.pupPage) throw new Error('There is no page yet.');
    return client.pupPage;
  };

  return {
    initialize: () => client.initialize(),
    browserProcess: () => child,
    evaluate: async <T>(script: string) => (await page().evaluate(script)) as T,
    requestPairingCode: phone => client.requestPairingCode(phone),
    numberId: phone => client.getNumberId(phone),
    async lidAndPhone(id) {
      const [found] = (await client.getContactLidAndPhone([id])) as { lid?: string; pn?: string }[];
      return found ?? {};
    },
    async send(chatId, { text, media }) {
      const settings = { sendSeen: false, waitUntilMsgSent: true, linkPreview: false, parseVCards: false };
      if (media === null) return client.sendMessage(chatId, text, settings);
      const attachment = new wweb.MessageMedia(media.mimeType, media.base64, media.filename);
      const more = { caption: text, sendMediaAsDocument: media.asDocument };
      return client.sendMessage(chatId, attachment, { ...settings, ...more });
    },
    async showTyping(chatId, isTyping) {
      const chat = await client.getChatById(chatId);
      await (isTyping ? chat.sendStateTyping() : chat.clearState());
    },
    async messages(chatId, limit) {
      const chat = await client.getChatById(chatId);
      return await chat.fetchMessages({ limit });
    },
    async reload() {
      await page().reload({ waitUntil: 'load', timeout: options.launchTimeoutMs });
    },
    destroy: () => client.destroy(),
  };
}

/** The profile belongs to the session: the library opens it, and never deletes it under a running browser. */
class OwnedProfile extends wweb.LocalAuth {
  // Set by the library.
  declare client: wweb.Client;
  readonly #onLaunched: (browser: Browser, page: Page) => void;
  constructor(dataPath: string, onLaunched: (browser: Browser, page: Page) => void) {
    super({ dataPath });
    this.#onLaunched = onLaunched;
  }
  override afterBrowserInitialized = (): Promise<void> => {
    const { pupBrowser, pupPage } = this.client;
    if (pupBrowser && pupPage) this.#onLaunched(pupBrowser, pupPage);
    return Promise.resolve();
  };
  override logout = (): Promise<void> => Promise.resolve();
}

/** Begins anew in the page by itself after every navigation, where nobody waits for how that ends. */
class OwnedClient extends wweb.Client {
  readonly #onFailure: (error: unknown) => void;
  isInitialized = false;

  constructor(
    options: PageClientOptions,
    onLaunched: (browser: Browser, page: Page) => void,
    onFailure: (error: unknown) => void,
  ) {
    super({
      authStrategy: new OwnedProfile(options.dir, onLaunched),
      authTimeoutMs: options.authTimeoutMs,
      userAgent: options.userAgent,
      takeoverOnConflict: false,
      ...versionOptions(options.pinnedVersion),
      puppeteer: {
        executablePath: options.executablePath,
        headless: options.executablePath.includes('headless-shell') ? 'shell' : true,
        args: options.args,
        pipe: true,
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
        timeout: options.launchTimeoutMs,
        protocolTimeout: options.protocolTimeoutMs,
        signal: options.signal,
      },
    });
    this.#onFailure = onFailure;
  }

  override async initialize(): Promise<void> {
    await super.initialize();
    this.isInitialized = true;
  }

  /** The library's own step, private by its documentation only: the sole place where its failure can be caught. */
  async inject(): Promise<void> {
    const inject = (wweb.Client.prototype as unknown as { inject(): Promise<void> }).inject;
    if (!this.isInitialized) return inject.call(this);
    await inject.call(this).catch((error: unknown) => this.#onFailure(error));
  }
}

/**
 * `none`, unless a version is pinned: by default the library writes into the working directory. A pinned version that
 * was never kept is the newest once more, and kept.
 */
const versionOptions = (pinned: PageClientOptions['pinnedVersion']): object =>
  pinned === null
    ? { webVersionCache: { type: 'none' } }
    : {
        webVersion: pinned.version,
        webVersionCache: { type: 'local', path: pinned.cacheDir, strict: false },
      };

function listen(client: wweb.Client, on: PageEvents): void {
  const hear = (name: string, listener: (...args: never[]) => void): void => {
    const safe = guarded(listener, error => on.listenerFailed(error));
    (client as EventEmitter).on(name, (...args: unknown[]) => safe(...(args as never[])));
  };
  hear('qr', (text: string) => on.qr(text));
  hear('code', (code: string) => on.code(code));
  hear('authenticated', () => on.authenticated());
  hear('ready', () => on.ready());
  hear('loading_screen', () => on.loading());
  hear('change_state', (state: string) => on.state(state));
  hear('disconnected', (reason: string) => on.disconnected(reason));
  hear('message_create', (message: RawMessage) => on.message(message));
  hear('message_ack', (message: RawMessage, ack: number) => on.ack(message, ack));
  hear('message_edit', (message: RawMessage, text: string) => on.edited(message, text));
  hear('message_revoke_everyone', (message: RawMessage) => on.deleted(message));
  hear('message_reaction', (reaction: RawReaction) => on.reaction(reaction));
  hear('call', (call: RawCall) => on.call(call));
}
