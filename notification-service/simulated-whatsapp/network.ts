import { createAgenda, type Agenda } from './agenda.ts';
import type { Calendar } from './calendar.ts';
import { createFaults, type Faults } from './faults.ts';
import { DEFAULT_PAGE, type PageSettings } from './web-page/page-settings.ts';

/** Everything that the simulated WhatsApp knows. It knows nothing of campaigns. */
export interface Network {
  readonly settings: NetworkSettings;
  readonly calendar: Calendar;
  readonly numbers: Map<string, PhoneNumber>;
  readonly phonesByLid: Map<string, string>;
  readonly devices: Map<string, Device>;
  readonly waiting: Map<string, WaitingDevice>;
  readonly chats: Map<string, Chat>;
  /** Every accepted message, in order: entry n has `seq` n + 1. */
  readonly log: Message[];
  readonly overlaps: Overlap[];
  readonly faults: Faults;
  readonly media: Map<string, StoredMedia>;
  /** How the stand-in WhatsApp Web page behaves. */
  readonly page: PageSettings;
  readonly agenda: Agenda<DueAck>;
  /** Real timers of sends on a slow wire. */
  readonly slowSends: Set<NodeJS.Timeout>;
  readonly counters: { device: number; connection: number };
  /** Called after every change: by the page's feed and the snapshot. */
  readonly watchers: Set<() => void>;
  /** Called with every line of the append-only log. */
  readonly record: (line: Record<string, unknown>) => void;
}

export interface NetworkSettings {
  seed: number;
  /** Unknown numbers are not on WhatsApp. */
  strict: boolean;
  /** Of the unknown numbers, the share (0–1) that is not on WhatsApp. */
  unregisteredShare: number;
  /** Of the delivered messages, the share (0–1) that is read without anybody asking. */
  readShare: number;
  /** How long one QR is good for, in real milliseconds, and how many an attempt gets. */
  qrLifeMs: number;
  maxQrs: number;
  /** Between scan and ready, in real milliseconds. */
  linkMs: number;
}

export interface PhoneNumber {
  phone: string;
  lid: string;
  registered: boolean;
  name: string | null;
  since: string | null;
  /** Phones whose messages do not reach this one. */
  blocked: Set<string>;
  devices: Set<string>;
  /** The phones it has a chat with. */
  chats: Set<string>;
}

/** A linked device. It outlives its connections: what happens meanwhile waits in `unconfirmed`. */
export interface Device {
  id: string;
  key: string;
  phone: string;
  linkedAt: string;
  connection: Connection | null;
  /** The number of the newest connection it ever had. */
  lastConnection: number;
  /** Which session of the client was the last to log in: one that resumes must not push out a newer one. */
  lastSession: string | null;
  lastEvent: number;
  unconfirmed: NumberedEvent[];
  /** Messages about which nothing is said until this device connects again. */
  held: Set<Message>;
}

/** A device that shows a QR and hopes to be scanned. */
export interface WaitingDevice {
  id: string;
  connection: Connection;
  session: string;
  qr: string;
  qrUntilMs: number;
  pairing: { code: string; phone: string } | null;
  refresh: NodeJS.Timeout;
}

/** One live line to a device, whatever the door. */
export interface Connection {
  readonly number: number;
  /** It stays open, and nothing moves on it any more. */
  isMuted: boolean;
  push(event: DeviceEvent): void;
  /** Says why, and hangs up. */
  end(reason: EndReason): void;
  /** Hangs up without a word. */
  drop(): void;
  /** Ids of the sends that have come in and are not answered. */
  readonly underWay: Set<string>;
}

export type EndReason = 'unlinked' | 'replaced' | 'link_timeout';

export type DeviceEvent =
  | { ev: 'qr'; text: string; validForMs: number }
  | { ev: 'linking' }
  | { ev: 'linked'; login: { device: string; key: string } }
  | { ev: 'ready'; identity: { phone: string; lid: string; inUseSince: string | null } }
  /** What WhatsApp tells its page about this connection: CONFLICT, DEPRECATED_VERSION, …; RELOAD loads it anew. */
  | { ev: 'state'; state: string }
  | NumberedEvent;

/** What must reach the device even when it is away; it confirms by number. */
export type NumberedEvent =
  | { ev: 'message'; n: number; message: SeenMessage }
  | { ev: 'receipt'; n: number; receipt: { messageId: string; ack: number; at: string } };

export interface SeenMessage {
  messageId: string;
  at: string;
  phone: string | null;
  lid: string | null;
  chatId: string;
  fromMe: boolean;
  kind: MessageKind;
  text: string;
  quotedMessageId: string | null;
}

export type MediaKind = 'image' | 'video' | 'audio' | 'document';
export type MessageKind = 'text' | MediaKind | 'reaction' | 'edit' | 'deletion' | 'call' | 'other';

export interface MediaInfo {
  kind: MediaKind;
  mimeType: string;
  filename: string;
  size: number;
  sha256: string;
}

export interface StoredMedia {
  mimeType: string;
  bytes: Buffer;
}

export interface Message {
  seq: number;
  id: string;
  /** Calendar time of acceptance. */
  atMs: number;
  /** The device that sent it; null when somebody typed it on the phone. */
  device: string | null;
  connection: number | null;
  from: string;
  to: string;
  kind: MessageKind;
  text: string;
  media: MediaInfo | null;
  quoted: string | null;
  /** The how-manieth message of this sender in this chat: what its ack delays are drawn from. */
  ordinal: number;
  /** The recipient had blocked the sender: it never gets beyond ack 1. */
  blocked: boolean;
  lateMs: number;
  /** Whether acks are kept from the sender: until its device connects again, or for good. */
  hold: 'reconnect' | 'never' | null;
  acks: { ack: number; at: string }[];
  /** Real time: when the send came in, and when its device was told that it was taken. */
  receivedAtMs: number;
  answeredAtMs: number | null;
}

export interface Chat {
  key: string;
  messages: Message[];
  /** What a device keeps of a send that the network never took: ack 0 (lost) or −1 (refused). */
  localCopies: LocalCopy[];
  sentBy: Map<string, number>;
  typing: { by: string; untilMs: number } | null;
}

export interface LocalCopy {
  device: string;
  messageId: string;
  atMs: number;
  text: string;
  mediaKind: MediaKind | null;
  ack: 0 | -1;
}

export interface DueAck {
  message: Message;
  ack: number;
}

/** Two sends of one device at once. */
export interface Overlap {
  device: string;
  connection: number;
  underWay: string[];
  second: string;
  atMs: number;
}

export const DEFAULT_SETTINGS: NetworkSettings = {
  seed: 1,
  strict: false,
  unregisteredShare: 0,
  readShare: 0.5,
  qrLifeMs: 20_000,
  maxQrs: 30,
  linkMs: 150,
};

export function createNetwork(
  calendar: Calendar,
  settings: NetworkSettings,
  onDue: (network: Network, due: DueAck, atMs: number) => void,
  record: Network['record'] = () => undefined,
): Network {
  const network: Network = {
    settings,
    calendar,
    numbers: new Map(),
    phonesByLid: new Map(),
    devices: new Map(),
    waiting: new Map(),
    chats: new Map(),
    log: [],
    overlaps: [],
    faults: createFaults(),
    media: new Map(),
    page: { ...DEFAULT_PAGE },
    agenda: createAgenda(calendar, (due, atMs) => {
      onDue(network, due, atMs);
    }),
    slowSends: new Set(),
    counters: { device: 0, connection: 0 },
    watchers: new Set(),
    record,
  };
  return network;
}

export function changed(network: Network): void {
  for (const watcher of network.watchers) watcher();
}

export const nowMs = (network: Network): number => network.calendar.now().getTime();
