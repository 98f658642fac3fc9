import type { ReceiptDoc } from '../delivery/index.ts';
import type { EnrollmentDoc, PersonDoc, Row } from '../enrollments/index.ts';
import { rowSentence } from './row-sentence.ts';
import type { SentenceLanguage } from './why-sentence.ts';
import { exitSentence } from './why-sentence.ts';

export interface TimelineEntry {
  at: Date;
  kind:
    | 'enrolled'
    | 'sent'
    | 'skipped'
    | 'unknown'
    | 'delivered'
    | 'read'
    | 'answer'
    | 'by_hand'
    | 'opted_out'
    | 'paid'
    | 'held'
    | 'ended';
  day: number | null;
  part: number | null;
  sentence: string;
  text: string | null;
}

/** What was said in the chat beside the sequence. */
export interface Answer {
  at: Date;
  text: string | null;
  /** The member wrote to this person from the phone. */
  byHand: boolean;
}

export interface TimelineFacts {
  doc: EnrollmentDoc;
  receipts: readonly ReceiptDoc[];
  people: readonly PersonDoc[];
  answers: readonly Answer[];
}

const WORDS = {
  en: {
    enrolled: 'The sequence began.',
    delivered: 'The message arrived on the phone.',
    read: 'The message was read.',
    answer: 'The person answered.',
    by_hand: 'The member wrote to the person by hand.',
    opted_out: 'The person asked for no more messages.',
    paid: 'The person paid.',
    held: 'The sequence was paused.',
  },
  fr: {
    enrolled: 'La séquence a commencé.',
    delivered: 'Le message est arrivé sur le téléphone.',
    read: 'Le message a été lu.',
    answer: 'La personne a répondu.',
    by_hand: 'Le membre a écrit lui-même à la personne.',
    opted_out: 'La personne ne veut plus de messages.',
    paid: 'La personne a payé.',
    held: 'La séquence a été mise en pause.',
  },
} as const satisfies Record<SentenceLanguage, Record<string, string>>;

/** Everything that happened to one target, the oldest first. Pure. */
export function timelineOf(facts: TimelineFacts, language: SentenceLanguage): TimelineEntry[] {
  const entries = [
    ...beginning(facts, language),
    ...Object.values(facts.doc.rows).flatMap(row => ofRow(row, facts, language)),
    ...ofPerson(facts, language),
    ...ending(facts, language),
  ];
  return entries.toSorted((a, b) => a.at.getTime() - b.at.getTime());
}

type Said = Exclude<TimelineEntry['kind'], 'sent' | 'skipped' | 'unknown' | 'ended'>;
const entry = (kind: Said, at: Date, language: SentenceLanguage): TimelineEntry => ({
  ...{ at, kind, day: null, part: null, sentence: WORDS[language][kind], text: null },
});

const beginning = ({ doc }: TimelineFacts, language: SentenceLanguage) => [
  entry('enrolled', doc.enteredAt, language),
];

function ofRow(row: Row, { doc, receipts }: TimelineFacts, language: SentenceLanguage): TimelineEntry[] {
  const { day, part, at, outcome, text } = row;
  const receipt = receipts.find(({ _id }) => _id === `${doc.channelId}:${row.messageId ?? ''}`);
  const reached = (kind: 'delivered' | 'read', when: Date | undefined) =>
    when ? [{ ...entry(kind, when, language), day, part }] : [];
  return [
    { at, kind: outcome, day, part, sentence: rowSentence(row, language), text },
    ...reached('delivered', receipt?.deliveredAt),
    ...reached('read', receipt?.readAt),
  ];
}

/** What is known of the person from elsewhere, as far as it falls into this sequence. */
function ofPerson({ doc, people, answers }: TimelineFacts, language: SentenceLanguage): TimelineEntry[] {
  const within = (at: Date | null | undefined): at is Date =>
    at instanceof Date && at >= doc.enteredAt && (doc.exitedAt === null || at <= doc.exitedAt);
  const first = (of: (person: PersonDoc) => Date | null | undefined) =>
    people
      .map(of)
      .filter(within)
      .sort((a, b) => a.getTime() - b.getTime())
      .slice(0, 1);
  const said = answers.some(({ byHand }) => !byHand) ? [] : first(person => person.repliedAt);
  return [
    ...answers.map(({ at, text, byHand }) => ({
      ...entry(byHand ? 'by_hand' : 'answer', at, language),
      text,
    })),
    ...said.map(at => entry('answer', at, language)),
    ...first(person => person.optedOutAt).map(at => entry('opted_out', at, language)),
    ...first(person => person.paidAt).map(at => entry('paid', at, language)),
  ];
}

function ending({ doc }: TimelineFacts, language: SentenceLanguage): TimelineEntry[] {
  const held = doc.held ? [entry('held', doc.held.at, language)] : [];
  if (doc.status !== 'ended' || !doc.exitReason || !doc.exitedAt) return held;
  const sentence = exitSentence(doc.exitReason, language);
  return [...held, { at: doc.exitedAt, kind: 'ended', day: null, part: null, sentence, text: null }];
}
