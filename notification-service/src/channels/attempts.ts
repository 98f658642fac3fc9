import type { ChannelDoc, ConnectAttempts } from './channel-model.ts';

/**
 * The rules of connecting, pure. An attempt is one fresh QR with its countdown, begun by a request, never by a timer.
 * Countdowns are machine time, the cooldown is calendar time.
 */
export interface AttemptRules {
  qrSeconds: number;
  maxAttempts: number;
  cooldownMinutes: number;
}

export type AttemptDecision =
  | { kind: 'cooldown'; until: Date; begins: boolean }
  /** The countdown still runs: the same attempt, with the QR of this moment. */
  | { kind: 'same'; attempt: number; leftMs: number }
  | { kind: 'next'; attempt: number };

export function decideAttempt(
  attempts: ConnectAttempts,
  now: { calendar: Date; machine: Date },
  rules: AttemptRules,
): AttemptDecision {
  const { cooldownUntil, endsAt } = attempts;
  if (cooldownUntil) {
    return cooldownUntil > now.calendar
      ? { kind: 'cooldown', until: cooldownUntil, begins: false }
      : { kind: 'next', attempt: 1 };
  }
  if (endsAt && endsAt > now.machine) {
    return { kind: 'same', attempt: attempts.count, leftMs: endsAt.getTime() - now.machine.getTime() };
  }
  if (attempts.count >= rules.maxAttempts) {
    const until = new Date(now.calendar.getTime() + rules.cooldownMinutes * 60_000);
    return { kind: 'cooldown', until, begins: true };
  }
  return { kind: 'next', attempt: attempts.count + 1 };
}

/** What a page shows: 0 once a cooldown is over. */
export function shownAttempts(
  channel: Pick<ChannelDoc, 'attempts'> | null,
  calendarNow: Date,
): { attempt: number; cooldownUntil: Date | null } {
  if (!channel) return { attempt: 0, cooldownUntil: null };
  const { count, cooldownUntil } = channel.attempts;
  if (cooldownUntil === null) return { attempt: count, cooldownUntil: null };
  return cooldownUntil > calendarNow
    ? { attempt: count, cooldownUntil }
    : { attempt: 0, cooldownUntil: null };
}
