import type { NetworkMessage } from './answers.ts';
import { dayOf, DAYS, EMPTY_DAY, MEMBER, PEOPLE, UNREGISTERED } from './cast.ts';
import type { Person } from './cast.ts';

export type Exits = Record<'paid' | 'replied' | 'opted_out' | 'invalid_number' | 'completed_7_days', number>;

/** A payment that the service was told of. */
export interface Payment {
  personId: string;
  /** The last message that WhatsApp had taken when the service answered. */
  afterSeq: number;
  /** The service said that one message could no longer be called back. */
  inFlight: boolean;
}

/** What really happened, by the network's log and by nothing that the service says. */
export interface Tally {
  sent: number;
  sentPerDay: { day: number; sent: number }[];
  delivered: number;
  /** Days without a message that a sequence went past. */
  skipped: number;
  /** A day that reached the same person more than once. */
  duplicates: number;
  /** A day that a person should have got and did not. */
  lost: number;
  /** Follow-ups to people who had paid, answered or said STOP. */
  tooLate: number;
  /** Confirmations of a STOP. */
  confirmations: number;
  exits: Exits;
}

const DELIVERED_ACK = 2;

/** Pure. `entries`: the whole log. */
export function tally(entries: readonly NetworkMessage[], payments: readonly Payment[]): Tally {
  const stories = PEOPLE.map(person => storyOf(person, entries, payments));
  const sum = (figure: (story: Story) => number): number =>
    stories.reduce((total, story) => total + figure(story), 0);
  const ended = (end: keyof Exits): number => sum(story => (story.end === end ? 1 : 0));
  return {
    sent: sum(({ days }) => days.length),
    sentPerDay: DAYS.map(day => ({ day, sent: sum(({ days }) => days.filter(one => one === day).length) })),
    delivered: sum(({ delivered }) => delivered),
    skipped: sum(({ days }) => (Math.max(0, ...days) > EMPTY_DAY ? 1 : 0)),
    duplicates: sum(({ days }) => days.length - new Set(days).size),
    lost: sum(lostIn),
    tooLate: sum(({ tooLate }) => tooLate),
    confirmations: sum(({ confirmations }) => confirmations),
    exits: {
      paid: ended('paid'),
      replied: ended('replied'),
      opted_out: ended('opted_out'),
      invalid_number: ended('invalid_number'),
      completed_7_days: ended('completed_7_days'),
    },
  };
}

interface Story {
  days: number[];
  delivered: number;
  tooLate: number;
  confirmations: number;
  end: keyof Exits | null;
}

function storyOf(person: Person, entries: readonly NetworkMessage[], payments: readonly Payment[]): Story {
  const ours = entries.filter(({ device, to }) => device !== null && to === person.phone);
  const followUps = ours.filter(({ text }) => dayOf(text) !== null);
  const days = followUps.flatMap(({ text }) => dayOf(text) ?? []);
  const said = entries.find(({ from, to }) => from === person.phone && to === MEMBER.phone);
  const payment = payments.find(({ personId }) => personId === person.id);
  const after = (seq: number): number => followUps.filter(entry => entry.seq > seq).length;
  return {
    days,
    delivered: followUps.filter(({ acks }) => acks.some(({ ack }) => ack >= DELIVERED_ACK)).length,
    tooLate: said
      ? after(said.seq)
      : payment
        ? Math.max(0, after(payment.afterSeq) - (payment.inFlight ? 1 : 0))
        : 0,
    confirmations: ours.length - followUps.length,
    end: said
      ? /^stop$/i.test(said.text)
        ? 'opted_out'
        : 'replied'
      : payment
        ? 'paid'
        : person.id === UNREGISTERED.id
          ? 'invalid_number'
          : days.includes(7)
            ? 'completed_7_days'
            : null,
  };
}

/** Whoever was not stopped should have every day that has a message; whoever was, every day until then. */
function lostIn({ days, end }: Story): number {
  const last = end === null || end === 'completed_7_days' ? 7 : Math.max(0, ...days);
  return DAYS.filter(day => day <= last && day !== EMPTY_DAY && !days.includes(day)).length;
}
