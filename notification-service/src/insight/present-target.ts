import type { EnrollmentDoc, Row } from '../enrollments/index.ts';
import { rowSentence } from './row-sentence.ts';
import type { Circumstances } from './why-now.ts';
import { whyNow } from './why-now.ts';
import { whySentence } from './why-sentence.ts';
import type { SentenceLanguage } from './why-sentence.ts';

/** A *target* as the public API shows it, with the referral's id as a string. */
export interface Target {
  _id: string;
  referralUserId: string;
  referrerUserId: string;
  /** Null: the default campaign. */
  campaignId: string | null;
  status: TargetStatus;
  currentDay: number;
  enteredLoopAt: Date;
  /** Never null while active. */
  nextMessageDue: Date | null;
  lastMessageSentAt: Date | null;
  messagesDelivered: DeliveredDay[];
  exitedLoopAt: Date | null;
  exitReason: string | null;
  language: string;
  /** Ours: why the next message has not gone out, as a sentence and as a code, and when it is tried. */
  why: string | null;
  whyCode: string | null;
  nextAt: Date | null;
  referral: Person;
}
export type TargetStatus = 'active' | 'completed' | 'paused';

export interface DeliveredDay {
  day: number;
  sentAt: Date;
  status: 'delivered' | 'failed';
  errorMessage?: string;
}

export interface Person {
  _id: string;
  name: string;
  email: string;
  phoneNumber: string;
}

/** Pure. */
export function presentTarget(doc: EnrollmentDoc, world: Circumstances, language: SentenceLanguage): Target {
  const why = whyNow(doc, world);
  const isActive = doc.status === 'active';
  return {
    _id: doc._id,
    referralUserId: doc.referralUserId,
    referrerUserId: doc.memberId,
    campaignId: doc.campaignType === 'default' ? null : doc.campaignId,
    status: targetStatusOf(doc),
    currentDay: Math.min(7, Math.max(1, doc.step.day)),
    enteredLoopAt: doc.enteredAt,
    nextMessageDue: isActive ? (why?.nextAt ?? doc.step.tryAt ?? doc.step.dueAt) : null,
    lastMessageSentAt: doc.lastMessageSentAt,
    messagesDelivered: deliveredDays(Object.values(doc.rows), language),
    exitedLoopAt: doc.exitedAt,
    exitReason: doc.exitReason,
    language: doc.language,
    why: why ? whySentence(why, language, doc.zone) : null,
    whyCode: why?.code ?? null,
    nextAt: why?.nextAt ?? null,
    referral: personOf(doc),
  };
}

/** The same for a member's own lists, where `referralUserId` is the person. */
export const withPerson = ({ referral, ...target }: Target) => ({ ...target, referralUserId: referral });

const targetStatusOf = (doc: Pick<EnrollmentDoc, 'status' | 'held'>): TargetStatus =>
  doc.status === 'ended' ? 'completed' : doc.held ? 'paused' : 'active';

const personOf = ({ referralUserId, referral, phone }: EnrollmentDoc): Person => ({
  _id: referralUserId,
  name: referral.name ?? '',
  email: referral.email ?? '',
  phoneNumber: phone ?? '',
});

/** One entry a day, whatever it consists of: it got there when any part of it was sent. */
function deliveredDays(rows: readonly Row[], language: SentenceLanguage): DeliveredDay[] {
  const days = new Map<number, Row[]>();
  for (const row of rows) days.set(row.day, [...(days.get(row.day) ?? []), row]);
  return [...days.entries()]
    .sort(([a], [b]) => a - b)
    .map(([day, parts]) => {
      const inOrder = parts.toSorted((a, b) => a.part - b.part);
      const sent = inOrder.find(row => row.outcome === 'sent');
      const failed = inOrder.find(row => row.outcome !== 'sent');
      return {
        day,
        sentAt: (sent ?? failed)?.at ?? new Date(0),
        status: sent ? 'delivered' : 'failed',
        ...(failed ? { errorMessage: rowSentence(failed, language) } : {}),
      };
    });
}
