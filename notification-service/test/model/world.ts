import type { ChannelDoc } from '../../src/channels/index.ts';
import { newChannel } from '../../src/channels/index.ts';
import type { ExitResult, ExitState } from '../../src/enrollments/exit-steps.ts';
import type { EnrollmentDoc } from '../../src/enrollments/index.ts';
import type { ReconcileState } from '../../src/delivery/reconcile-steps.ts';
import type { RecoveryState } from '../../src/delivery/recovery-steps.ts';
import type { SweepState } from '../../src/delivery/sweep.ts';
import type { TurnState } from '../../src/delivery/turn.ts';
import type { Doc, StoreHolder } from './memory-store.ts';

/** One state of everything: the store, the processes, the wires, and what WhatsApp has. Immutable but while one step runs. */
export interface World extends StoreHolder {
  calendarMs: number;
  actors: readonly Actor[];
  /** By `channel@instance`. */
  sessions: Readonly<Record<string, ModelSession>>;
  /** Instances that may no longer act: their heartbeat was missed, or their process is gone. */
  gone: Readonly<Record<string, 'heartbeat' | 'crashed'>>;
  calls: readonly Call[];
  delivered: readonly Delivered[];
  answers: readonly { outcome: ExitResult['outcome']; day: number }[];
  budget: Readonly<Record<Budgeted, number>>;
  tokens: number;
  problem: string | null;
}

export type Budgeted = 'crash' | 'expire' | 'lose' | 'cut' | 'tomorrow' | 'minutes' | 'connect' | 'receipt';

export interface ModelSession {
  serial: number;
  epoch: number;
  /** Whether what the session sends still reaches WhatsApp. The process may not know yet that it does not. */
  wire: boolean;
  /** Whether its process still holds the object. */
  held: boolean;
}

export interface Call {
  id: number;
  actor: string;
  session: string;
  serial: number;
  channelId: string;
  subjectId: string;
  day: number;
  part: number;
  messageId: string | null;
  text: string;
  /** Calendar milliseconds. */
  fencedMs: number;
  delivered: boolean;
  answered: boolean;
}

export interface Delivered {
  key: string;
  channelId: string;
  messageId: string;
  text: string;
  atMs: number;
}

export type Actor = { name: string; instance: string; over: 'no' | 'done' | 'crashed' } & (
  | { kind: 'turn'; state: TurnState }
  | { kind: 'recovery'; state: RecoveryState }
  | { kind: 'reconcile'; state: ReconcileState }
  | { kind: 'exit'; state: ExitState }
  | { kind: 'sweep'; state: SweepState }
  | { kind: 'script'; state: { at: number }; script: Script }
);
/** Actors that are a few plain writes: a creator of work, a pause and its end, a move, a claim of a free channel. */
export type Script = 'create' | 'pause' | 'move' | 'claim';

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
/** Ten in the morning of day 0. */
export const START_MS = 10 * 60 * MINUTE;
/** A turn's lease, machine milliseconds. */
export const LEASE_MS = 180_000;

export const CHANNEL = 'c1';
export const OTHER_CHANNEL = 'c2';
export const ENROLLMENT = 'e1';

export const enrollmentDoc = (fields: { day: number }): EnrollmentDoc => ({
  _id: ENROLLMENT,
  campaignId: 'k1',
  campaignType: 'default',
  forSubscribers: false,
  memberId: 'm1',
  channelId: CHANNEL,
  referralUserId: 'r1',
  referral: { name: null, firstName: null, email: null, country: null, attributes: {} },
  phone: '33600000001',
  phoneHash: 'h1',
  chat: { chatId: 'chat1', lid: null },
  language: 'fr',
  zone: 'UTC',
  status: 'active',
  exitReason: null,
  enteredAt: new Date(START_MS),
  exitedAt: null,
  held: null,
  priority: 0,
  step: {
    day: fields.day,
    part: 0,
    state: 'scheduled',
    dueAt: new Date(START_MS),
    tryAt: new Date(START_MS),
    rank: 1,
    version: 1,
    attempts: 0,
    startedAt: null,
    resentOnce: false,
    fence: null,
  },
  why: null,
  wallMinute: 600,
  lastLocalDate: null,
  shiftDays: 0,
  referralCreatedAt: new Date(0),
  unpaidSeenAt: new Date(START_MS),
  rows: {},
  rowsAt: null,
  lastMessageSentAt: null,
});

export const channelDoc = (id: string, owner: string): ChannelDoc => ({
  ...newChannel({ _id: id, memberId: 'm1', transport: 'simulator', at: new Date(0) }),
  state: 'active',
  hasLogin: true,
  owner: { instance: owner, epoch: 1 },
  sessionSerial: 1,
  sessionReadyAt: new Date(START_MS),
  nextActionAt: new Date(START_MS),
});

export const asDoc = (doc: object): Doc => doc as Doc;
export const channelOf = (world: World, id: string): ChannelDoc =>
  world.collections['channels']?.[id] as unknown as ChannelDoc;
export const enrollmentOf = (world: World): EnrollmentDoc | null =>
  (world.collections['enrollments']?.[ENROLLMENT] as unknown as EnrollmentDoc | undefined) ?? null;
