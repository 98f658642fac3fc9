/** A step is where a subject (an enrollment, or an outgoing message) stands: the state that fence and recovery work on. */
export interface Step {
  /** 1–7; 0 for an outgoing message. */
  day: number;
  /** 0–3. */
  part: number;
  state: 'scheduled' | 'sending' | 'unknown';
  /** What the calendar says. */
  dueAt: Date;
  /** When it may be tried: `dueAt`, or later with the reason in `why`; null while it waits for somebody (held, paused campaign). */
  tryAt: Date | null;
  rank: StepRank;
  /** Raised by whatever must make a turn that is under way fail at its fence: exit, hold, move, recovery. */
  version: number;
  /** Proved-not-sent failures of this part. */
  attempts: number;
  /** When the first part of this day was fenced; the rest follows within 6 hours or not at all. */
  startedAt: Date | null;
  /** This part was scheduled again once after an unknown that proved absent (a setting). */
  resentOnce: boolean;
  /** Set while `sending` and `unknown`. */
  fence: Fence | null;
}

/** Within a channel: confirmations, then follow-ups, first contacts, test sends. */
export type StepRank = 0 | 1 | 2 | 3;
export const RANK = { confirmation: 0, followUp: 1, firstContact: 2, test: 3 } as const satisfies Record<
  string,
  StepRank
>;

export interface Fence {
  token: string;
  at: Date;
  /** The channel's session number at the fence: only a later one can prove absence. */
  session: number;
  bodyHash: string;
  /** Chosen by us where the transport can, else null until WhatsApp says it. */
  messageId: string | null;
  text: string;
  mediaKind: string | null;
  /** Where it went: for a look at the chat's history. */
  chatId: string;
  parts: number;
}

/** What became of one part of one day. Written in the same write that moves the step on. */
export interface Row {
  day: number;
  part: number;
  outcome: 'sent' | 'skipped' | 'unknown';
  at: Date;
  /** Machine reason of a skip or an unknown. */
  reason: string | null;
  messageId: string | null;
  bodyHash: string | null;
  text: string | null;
  token: string | null;
}

/** At most one row a day and part, by construction. */
export const rowKey = (day: number, part: number): string => `d${day}p${part}`;

/** The last "why not sent": `code` is for machines, `detail` fills the sentence, `nextAt` when it is looked at again. */
export interface Why {
  code: WhyCode;
  detail: string | null;
  at: Date;
  nextAt: Date | null;
}

export type WhyCode =
  | 'not_due'
  | 'outside_window'
  | 'channel_paused'
  | 'campaign_paused'
  | 'emergency_stop'
  | 'payment_unknown'
  | 'subscription_unknown_or_ended'
  | 'daily_cap'
  | 'hourly_cap'
  | 'campaign_cap'
  | 'warm_up'
  | 'first_contacts_paused'
  | 'channel_resting'
  | 'waiting_for_turn'
  | 'channel_disconnected'
  | 'retry_later'
  | 'held'
  | 'unknown_open';
