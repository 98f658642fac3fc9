import { defineModel } from '../platform/mongo.ts';
import type { ClosedReason, TransportKind } from './transport.ts';

export type ChannelState =
  | 'inactive'
  | 'initializing'
  | 'qr_pending'
  | 'authenticating'
  | 'connecting'
  | 'active'
  | 'warming'
  | 'disconnected'
  | 'error';

/** What a running turn is about. */
export interface SubjectRef {
  kind: 'enrollment' | 'outgoing';
  id: string;
}

/** The moment in which a channel sends one delivery. There is at most one, and only its token ends it. */
export interface Turn {
  token: string;
  subject: SubjectRef;
  /** The database's clock at the take, or at recovery's; it runs out TURN_MAX_MS later. Machine time. */
  takenAt: Date;
  /** Recovery has taken it over: the channel's owner goes on with settling it, nobody else before it runs out again. */
  takenOver?: true;
}

/**
 * The pace of a channel: calendar time, changed only by the write that ends a turn (and by recovery in its stead).
 * `sends` holds what was fenced within the last 24 hours, oldest first.
 */
export interface Pace {
  /** No part may be fenced before this. */
  nextAllowedAt: Date | null;
  sends: PaceEntry[];
  /** Messages of the present wave. */
  wave: number;
  /** Proved-not-sent failures in a row; the breaker rests the channel at its limit. */
  failuresInRow: number;
  restUntil: Date | null;
  restReason: string | null;
  /** First contacts are not made before this (463, 475). */
  firstContactsAfter: Date | null;
  /** Since when the number counts as being warmed up, after a critical health has set it back (warm-up.ts). */
  warmupSince: Date | null;
}
export interface PaceEntry {
  at: Date;
  campaignId: string | null;
  firstContact: boolean;
}

export interface ChannelDoc {
  _id: string;
  memberId: string;
  transport: TransportKind;
  state: ChannelState;
  /** Machine reason of the state, null when there is nothing to say. */
  stateReason:
    ClosedReason | 'cooldown' | 'no_capacity' | 'other_member' | 'disconnected_by_member' | 'reset' | null;
  stateAt: Date;
  /** A login is stored: the channel can be opened without a QR. */
  hasLogin: boolean;
  phone: string | null;
  phoneHash: string | null;
  lid: string | null;
  /** First link of this number, or since when the number is in use where the transport knows: warm-up counts from here. */
  linkedAt: Date | null;
  inUseSince: Date | null;
  /** Who hosts it. The epoch only rises, also when the owner is given up (instance null). */
  owner: { instance: string | null; epoch: number };
  /** Rises each time a session of this channel becomes ready; a fence keeps the number it was made under. */
  sessionSerial: number;
  /** Whether the session numbered `sessionSerial` is connected at present, and since when. */
  sessionReadyAt: Date | null;
  /** The alarm: when it may act next (calendar). Absent: nothing to do, or a turn is under way. */
  nextActionAt?: Date;
  /** Absent: no turn is under way. */
  turn?: Turn;
  /** Rises with every turn taken: a reminder carries it, and two turns cannot be taken on one look. */
  turnNumber: number;
  pace: Pace;
  /** Copies of the member's and the admins' pauses of sending, written in the same transaction as theirs. */
  pauses: { member: boolean; admin: boolean };
  health: ChannelHealth;
  attempts: ConnectAttempts;
  connectionFailureCount: number;
  lastConnectionFailure: { at: Date; reason: string } | null;
  lastConnectionCheck: Date | null;
  lastQrScanDate: Date | null;
  createdAt: Date;
}

export type HealthBand = 'healthy' | 'watch' | 'poor' | 'critical';
export interface ChannelHealth {
  score: number;
  band: HealthBand;
  /** One sentence a deduction. */
  reasons: { code: string; points: number; sentence: string }[];
  at: Date | null;
  /** Since when the score has been above the band's exit threshold. */
  betterSince: Date | null;
}

/** Machine time: an attempt is 20 s of it. */
export interface ConnectAttempts {
  count: number;
  startedAt: Date | null;
  /** End of the present attempt's countdown. */
  endsAt: Date | null;
  cooldownUntil: Date | null;
  typedPhone: string | null;
  helpSentForCooldown: boolean;
}

export const newPace = (): Pace => ({
  nextAllowedAt: null,
  sends: [],
  wave: 0,
  failuresInRow: 0,
  restUntil: null,
  restReason: null,
  firstContactsAfter: null,
  warmupSince: null,
});

export function newChannel(args: {
  _id: string;
  memberId: string;
  transport: TransportKind;
  at: Date;
}): ChannelDoc {
  return {
    _id: args._id,
    memberId: args.memberId,
    transport: args.transport,
    state: 'inactive',
    stateReason: null,
    stateAt: args.at,
    hasLogin: false,
    phone: null,
    phoneHash: null,
    lid: null,
    linkedAt: null,
    inUseSince: null,
    owner: { instance: null, epoch: 0 },
    sessionSerial: 0,
    sessionReadyAt: null,
    turnNumber: 0,
    pace: newPace(),
    pauses: { member: false, admin: false },
    health: { score: 100, band: 'healthy', reasons: [], at: null, betterSince: null },
    attempts: {
      count: 0,
      startedAt: null,
      endsAt: null,
      cooldownUntil: null,
      typedPhone: null,
      helpSentForCooldown: false,
    },
    connectionFailureCount: 0,
    lastConnectionFailure: null,
    lastConnectionCheck: null,
    lastQrScanDate: null,
    createdAt: args.at,
  };
}

export const channelModel = defineModel<ChannelDoc>('channels', [
  { key: { memberId: 1 } },
  // The pump's question: an instance's channels whose alarm has come and that have no turn.
  {
    key: { 'owner.instance': 1, nextActionAt: 1 },
    name: 'alarm',
    partialFilterExpression: { nextActionAt: { $exists: true } },
  },
  // Recovery's question: the turns that are under way.
  { key: { 'turn.takenAt': 1 }, name: 'turn', partialFilterExpression: { 'turn.token': { $exists: true } } },
  // Who may be taken by an instance with room.
  { key: { 'owner.instance': 1, state: 1 }, name: 'hosting' },
  // One number for one member, also when two scan it at the same moment.
  {
    key: { phoneHash: 1, hasLogin: 1 },
    name: 'one_member',
    unique: true,
    partialFilterExpression: { phoneHash: { $type: 'string' }, hasLogin: true },
  },
  { key: { phoneHash: 1 }, name: 'phone', partialFilterExpression: { phoneHash: { $type: 'string' } } },
]);
