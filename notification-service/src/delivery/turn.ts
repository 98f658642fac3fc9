import type { CampaignDoc } from '../campaigns/index.ts';
import type {
  ChannelDoc,
  ChatRef,
  HeldSession,
  MessagePart,
  SendOutcome,
  SessionHost,
} from '../channels/index.ts';
import type { Fence, PersonDoc } from '../enrollments/index.ts';
import type { MemberDoc } from '../members/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { DocStore } from '../platform/doc-store.ts';
import type { Document } from '../platform/mongo.ts';
import type { Random } from '../platform/random.ts';
import type { Calendar } from './calendar-port.ts';
import type { BrakesOf, PaceSettings, TurnEffect } from './pace.ts';
import type { Subject } from './subject.ts';

/** A turn is a chain of steps; each makes at most one access to the store, and its state is plain data. */
export type TurnState =
  | { at: 'channel'; channelId: string }
  | { at: 'member'; channel: ChannelDoc }
  | { at: 'due'; seen: Seen; rank: number }
  | { at: 'campaign'; seen: Seen; subject: Subject }
  | { at: 'people'; seen: Seen; subject: Subject; campaign: CampaignDoc | null }
  | { at: 'put_off'; seen: Seen; write: PendingWrite }
  | { at: 'take'; seen: Seen; subject: Subject; campaign: CampaignDoc | null }
  | { at: 'prepare'; turn: Taken }
  | { at: 'last_people'; turn: Prepared }
  | { at: 'last_campaign'; turn: Prepared; readAt: MachineInstant; people: PersonDoc[] }
  | {
      at: 'last_channel';
      turn: Prepared;
      readAt: MachineInstant;
      people: PersonDoc[];
      campaign: CampaignDoc | null;
    }
  | { at: 'last_switch'; turn: Prepared; readAt: MachineInstant }
  | { at: 'fence'; turn: Prepared; readAt: MachineInstant }
  | { at: 'call'; turn: Fenced; readAt: MachineInstant }
  | { at: 'answer'; turn: Fenced; answer: Promise<SendOutcome> | SendOutcome }
  | { at: 'settle'; turn: Fenced; outcome: SendOutcome | { kind: 'not_called' } }
  | { at: 'record_ended'; turn: Fenced; write: PendingWrite }
  | { at: 'remember_unreachable'; turn: Taken; fenced: boolean }
  | { at: 'end_unreachable'; turn: Taken; fenced: boolean }
  | { at: 'restart'; turn: Fenced }
  | { at: 'restarted'; turn: Fenced }
  | { at: 'earliest'; turn: Taken; rank: number; earliest: Date | null }
  | { at: 'end'; turn: Taken; alarm: Date | null }
  | { at: 'late_alarm'; turn: Taken; alarm: Date }
  | { at: 'idle'; seen: Seen; because: 'paused' | 'nothing_due' | Date }
  | { at: 'idle_earliest'; seen: Seen; rank: number; earliest: Date | null }
  | { at: 'idle_alarm'; seen: Seen; alarm: Date }
  | { at: 'done'; result: TurnResult };

/** The step functions of some states. */
export type Steps<At extends TurnState['at']> = {
  [K in At]: (state: Extract<TurnState, { at: K }>, deps: TurnDeps) => Promise<TurnState>;
};

/** What became of a reminder. `dropped`: the reason for it had gone. */
export type TurnResult = 'sent' | 'not_sent' | 'unknown' | 'nothing_sent' | 'idle' | 'resting' | 'dropped';

/** What a pick has seen. `picks` bounds how often it is tried again. */
export interface Seen {
  channel: ChannelDoc;
  member: MemberDoc | null;
  picks: number;
}

export interface PendingWrite {
  collection: string;
  filter: Document;
  update: Document | Document[];
}

/** A turn that is ours: only its token ends it. */
export interface Taken {
  channel: ChannelDoc;
  member: MemberDoc | null;
  subject: Subject;
  campaign: CampaignDoc | null;
  token: string;
  effect: TurnEffect;
  result: TurnResult;
}

export interface Prepared extends Taken {
  held: HeldSession;
  chat: ChatRef;
  parts: MessagePart[];
}

export interface Fenced extends Prepared {
  fence: Fence;
}

/** Both of the machine's clocks in milliseconds: a suspended machine shows in only one of them. */
export interface MachineInstant {
  monotonicMs: number;
  wallMs: number;
}

export interface Words {
  kind: 'parts';
  parts: MessagePart[];
}
export interface NoWords {
  kind: 'none';
  /** Why the day has nothing to say; kept in its row. */
  reason: string;
}

export interface TurnSettings {
  pace: PaceSettings;
  memberCapDefault: number;
  paymentFreshnessMs: number;
  maxShiftDays: number;
  sendRetries: number;
  /** RELANCE_SENDING: the switch in the configuration, beside the one in the store. */
  sendingIsOn: boolean;
}

export interface TurnDeps {
  store: DocStore;
  clock: Clock;
  random: Random;
  calendar: Calendar;
  host: SessionHost;
  brakesOf: BrakesOf;
  settings: TurnSettings;
  newToken(): string;
  machineNow(): MachineInstant;
  /** Waits in calendar time (shorter on an accelerated calendar). */
  pause(calendarMs: number): Promise<void>;
  /** What is said: rendered for this person, this day. */
  words(
    subject: Subject,
    context: { member: MemberDoc | null; campaign: CampaignDoc | null },
  ): Promise<Words | NoWords>;
  /** Told of every attempt, off the hot path; must not throw. */
  attempted(attempt: Attempt): void;
}

export interface Attempt {
  channelId: string;
  memberId: string;
  subject: Subject;
  part: number;
  at: Date;
  firstContact: boolean;
  outcome: SendOutcome | { kind: 'not_called' };
}
