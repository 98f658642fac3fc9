import type { ReasonCounts } from './enroll-batch.ts';

/** Why nobody could be enrolled for a member at all. */
export type Closed =
  | 'unknown_member'
  | 'disabled'
  | 'enrollment_paused'
  | 'default_campaign_paused'
  | 'not_connected'
  | 'not_subscribed'
  | 'subscription_unknown'
  | 'payments_unknown';

export interface MemberReport {
  closed: Closed | null;
  enrolled: number;
  /** Enrolled before. */
  known: number;
  /** How many were not enrolled, by reason. */
  reasons: ReasonCounts;
  /** Ended because they have paid. */
  paid: number;
  /** Ended because the platform knows them no more. */
  gone: number;
  /** Missing from the answer, and nobody could say why. */
  undecided: number;
  /** Ended because the member's own subscription has. */
  expired: number;
}

export interface RunReport extends Omit<MemberReport, 'closed'> {
  members: number;
  /** Members whose run went wrong; the log says why. */
  failed: number;
  /** For how many members nobody could be enrolled, by reason. */
  closed: Partial<Record<Closed, number>>;
}

export const emptyReport = (closed: Closed | null): MemberReport => ({
  closed,
  enrolled: 0,
  known: 0,
  reasons: {},
  paid: 0,
  gone: 0,
  undecided: 0,
  expired: 0,
});

export const emptyRun = (): RunReport => ({ ...emptyReport(null), members: 0, failed: 0, closed: {} });

/** Adds one member's report to the run's. */
export function addToRun(run: RunReport, { closed, reasons, ...counts }: MemberReport): void {
  run.members += 1;
  if (closed !== null) run.closed[closed] = (run.closed[closed] ?? 0) + 1;
  for (const key of ['enrolled', 'known', 'paid', 'gone', 'undecided', 'expired'] as const)
    run[key] += counts[key];
  for (const [reason, count] of Object.entries(reasons)) {
    const key = reason as keyof ReasonCounts;
    run.reasons[key] = (run.reasons[key] ?? 0) + count;
  }
}
