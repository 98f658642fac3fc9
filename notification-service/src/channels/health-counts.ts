import type { SendOutcomeDoc } from './health-attempts.ts';
import type { HealthSignals } from './health.ts';

/** Somebody wrote to the channel, or (`by_hand`) its member wrote from the phone. */
export interface Answered {
  phoneHash: string | null;
  kind: string;
  at: Date;
}
export interface Receipted {
  messageId: string;
  ack: number;
}

export interface Counted {
  /** Of the last week. */
  attempts: readonly SendOutcomeDoc[];
  answers: readonly Answered[];
  /** The highest ack by message id, of the last three days. */
  receipts: ReadonlyMap<string, number>;
  /** Ids of attempts that were unknown at first and are known as sent by now. */
  settled: ReadonlySet<string>;
  now: Date;
}

const HOUR = 3_600_000;
const STUCK_AFTER_MS = 10 * 60_000;

type Counts = Omit<HealthSignals, 'unknowns' | 'disconnects' | 'unlinked' | 'banned'>;

/** What the attempts of a week, and the answers to them, say about a channel. Pure; calendar time. */
export function countSignals(counted: Counted): Counts {
  const hoursAgo = ({ at }: { at: Date }): number => (counted.now.getTime() - at.getTime()) / HOUR;
  const { attempts, receipts } = counted;
  const today = attempts.filter(attempt => hoursAgo(attempt) < 24);
  const old = attempts.filter(
    attempt => attempt.outcome === 'sent' && hoursAgo(attempt) >= 24 && hoursAgo(attempt) < 72,
  );
  const ackOf = ({ messageId }: SendOutcomeDoc): number =>
    messageId === null ? 0 : (receipts.get(messageId) ?? 0);
  const locks = attempts.filter(({ outcome }) => outcome === 'refused_463').map(hoursAgo);
  const lastLock = Math.min(...locks);
  return {
    tried: today.length,
    refused: today.filter(({ outcome }) => outcome.startsWith('refused')).length,
    stuck: today.filter(
      attempt =>
        attempt.outcome === 'unknown' &&
        counted.now.getTime() - attempt.at.getTime() > STUCK_AFTER_MS &&
        ackOf(attempt) < 1 &&
        !counted.settled.has(attempt._id),
    ).length,
    old: old.length,
    undelivered: old.filter(attempt => ackOf(attempt) < 2).length,
    ...countPeople(counted),
    lockedHoursAgo: lastLock < 72 ? lastLock : null,
    capped: attempts.filter(({ outcome }) => outcome === 'refused_475').length,
  };
}

/** By person: a day of several parts is one message, and whatever they answered counts from then on. */
function countPeople({
  attempts,
  answers,
}: Counted): Pick<HealthSignals, 'people' | 'unanswered' | 'optOuts'> {
  const lastAnswer = new Map<string, number>();
  const optedOut = new Set<string>();
  for (const { phoneHash, kind, at } of answers) {
    if (phoneHash === null || kind === 'by_hand') continue;
    if (kind === 'opt_out') optedOut.add(phoneHash);
    lastAnswer.set(phoneHash, Math.max(lastAnswer.get(phoneHash) ?? 0, at.getTime()));
  }
  const open = new Map<string, Set<string>>();
  for (const { phoneHash, subject, day, outcome, at } of attempts) {
    if (outcome !== 'sent' || subject.kind !== 'enrollment') continue;
    const days = open.get(phoneHash) ?? new Set();
    open.set(phoneHash, days);
    if (at.getTime() > (lastAnswer.get(phoneHash) ?? 0)) days.add(`${subject.id} ${day}`);
  }
  return {
    people: open.size,
    unanswered: [...open.values()].filter(days => days.size >= 2).length,
    optOuts: [...open.keys()].filter(phoneHash => optedOut.has(phoneHash)).length,
  };
}
