/**
 * The transport port: all that the product asks of a way to speak WhatsApp.
 * Transports satisfy it; nothing of a transport's library leaks through it.
 *
 * Phones are digits with country code and no `+`. A chat id is opaque to everybody but the transport.
 * Instants in here are calendar time (see platform/clock.ts) unless a name says otherwise.
 */

export type TransportKind = 'simulator' | 'whatsapp-web' | 'cloud-api';

export interface Transport {
  readonly kind: TransportKind;
  /** Whether a session that is not needed can sleep and be woken (its inbox must then be synced in time). */
  readonly sleeps: boolean;
  /**
   * Opens the one session of a channel. Resolves as soon as the session object exists; what follows
   * (QR, linking, ready, closed) arrives through `on`, in order, and never after `closed`.
   * Rejects with a {@link TransportError} when no session could be started.
   */
  open(args: OpenSession): Promise<Session>;
  /** Deletes the stored login of a channel that has no open session. Idempotent. */
  forget(channelId: string): Promise<void>;
}

export interface OpenSession {
  channelId: string;
  /** True when a login is stored: then a QR means that the phone has unlinked us (`closed` with `unlinked`). */
  expectLogin: boolean;
  on: SessionEvents;
}

/** Callbacks must not throw and are not awaited. */
export interface SessionEvents {
  /** The text of a fresh QR and how long it is still good for, in real (machine) milliseconds. */
  qr(text: string, validForMs: number): void;
  /** The phone has scanned or typed the code; the link is being made. */
  linking(): void;
  /** The session can send and has taken in what arrived while it was away. May come again after `away`. */
  ready(identity: LinkedIdentity): void;
  /** The connection is lost for the moment; the transport tries again by itself. */
  away(): void;
  /** The session is over for good; its object is dead. */
  closed(reason: ClosedReason): void;
  /** Somebody wrote, or the member wrote by hand from the phone (`fromMe`). At least once. Never groups or status broadcasts. */
  message(message: ObservedMessage): void;
  /** What WhatsApp says of a message that left through this channel. May come late, twice, or before `send` resolves. */
  receipt(receipt: Receipt): void;
}

export interface LinkedIdentity {
  phone: string;
  lid: string | null;
  /** Since when the number is in use, where the transport knows it. */
  inUseSince: Date | null;
}

/** Why a session ended. `crashed`, `hung` and `lost` may be reopened by the host; the rest need a human. */
export type ClosedReason =
  | 'closed' // we closed it
  | 'crashed'
  | 'hung'
  | 'lost' // the network or WhatsApp's server went away and did not come back in time
  | 'link_timeout' // nobody scanned
  | 'unlinked' // on the phone, or by WhatsApp: the login is gone
  | 'replaced' // another browser took the session over
  | 'banned'
  | 'blocked' // the network is refused (proxy block)
  | 'outdated' // WhatsApp asks for an update
  | 'passkey_required';

export interface Session {
  /** False from the moment the session ended or was closed; a send on a dead session never reaches the wire. */
  readonly alive: boolean;
  /** The pairing code (8 characters) to type on this phone. Rejects with a {@link TransportError}. */
  requestPairingCode(phone: string): Promise<string>;
  /** The chat of a number, or null when the number is not on WhatsApp. Rejects with a {@link TransportError}. */
  lookUp(phone: string): Promise<ChatRef | null>;
  /** Shows "typing…" for about this long (calendar time); resolves afterwards. Failing to is not an error. */
  typing(chatId: string, ms: number): Promise<void>;
  /**
   * An id for the next message, where the transport can choose it; null where WhatsApp does.
   * Synchronous on purpose: nothing may be awaited between the fence and the call.
   */
  newMessageId(): string | null;
  /**
   * Sends one part and waits until WhatsApp's server took it (ack >= 1) or a deadline. Never rejects:
   * what cannot be proved either way is `unknown`.
   */
  send(chatId: string, part: MessagePart, messageId: string | null): Promise<SendOutcome>;
  /** Messages of one chat since an instant, oldest first, as this device's own synced history has them. */
  history(chatId: string, since: Date): Promise<HistoryEntry[]>;
  /** Removes this device on WhatsApp's side and deletes the stored login. Says whether WhatsApp confirmed. */
  unlink(): Promise<{ unlinked: boolean }>;
  /** Ends the session and keeps the login. Idempotent; afterwards nothing of the session is left running. */
  close(): Promise<void>;
}

export interface ChatRef {
  chatId: string;
  lid: string | null;
}

export type MediaKind = 'image' | 'video' | 'audio' | 'document';

/** One WhatsApp message. With media, `text` is the caption (empty when there is none). */
export interface MessagePart {
  text: string;
  media: { kind: MediaKind; mimeType: string; filename: string; bytes: Buffer } | null;
}

export type SendOutcome =
  | { kind: 'sent'; messageId: string; lid?: string }
  /** Proved: refused before the wire, or by WhatsApp's server. */
  | { kind: 'not_sent'; reason: NotSentReason; messageId?: string }
  | { kind: 'unknown'; reason: string; messageId?: string };

export type NotSentReason =
  | 'not_ready' // the session was not able to send; nothing reached the wire
  | 'not_on_whatsapp'
  | 'refused' // ack -1 without a known code
  | 'refused_463' // reach-out lock: too many people who never answered
  | 'refused_475'; // new-chat capping

export type Ack = -1 | 0 | 1 | 2 | 3 | 4; // refused, local, server, delivered, read, played

export interface Receipt {
  messageId: string;
  ack: Ack;
  at: Date;
}

export interface ObservedMessage {
  messageId: string;
  at: Date;
  /** Who the chat is with: a phone where known, and the hidden id where WhatsApp uses one. At least one is set. */
  phone: string | null;
  lid: string | null;
  chatId: string;
  fromMe: boolean;
  kind: 'text' | MediaKind | 'reaction' | 'edit' | 'deletion' | 'call' | 'other';
  text: string;
  quotedMessageId: string | null;
}

export interface HistoryEntry {
  messageId: string;
  at: Date;
  fromMe: boolean;
  text: string;
  mediaKind: MediaKind | null;
  ack: Ack;
}

/** A failure of the transport outside of `send`. `message` is one plain sentence without library text. */
export class TransportError extends Error {
  readonly reason: 'deadline' | 'in_use' | 'launch' | 'not_ready' | 'refused' | 'no_capacity';
  constructor(reason: TransportError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransportError';
    this.reason = reason;
  }
}
