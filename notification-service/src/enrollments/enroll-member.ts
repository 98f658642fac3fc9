import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import type { ReferralSource } from '../referrals/index.ts';
import { oldestOf, openEntry } from './default-entry.ts';
import type { BatchDeps } from './enroll-batch.ts';
import { endSubscription } from './end-subscription.ts';
import { followPayments, watchPayments } from './follow-payments.ts';
import type { PaymentDeps, Watch } from './follow-payments.ts';
import { followSubscription, isOverdue } from './follow-subscription.ts';
import { readScene } from './member-scene.ts';
import type { Scene } from './member-scene.ts';
import { emptyReport } from './run-report.ts';
import type { MemberReport } from './run-report.ts';

export interface EnrollDeps extends BatchDeps, PaymentDeps {
  config: Pick<
    Config,
    | 'RELANCE_ENROLLMENT_DELAY_MINUTES'
    | 'RELANCE_BACKLOG_DAYS'
    | 'RELANCE_REST_DAYS'
    | 'RELANCE_TIMEZONE'
    | 'RELANCE_DEFAULT_LANGUAGE'
    | 'RELANCE_PAYMENT_FRESHNESS_MINUTES'
    | 'RELANCE_SUBSCRIPTION_GRACE_DAYS'
  >;
  clock: Clock;
  source: ReferralSource;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * One member's hour: is their subscription alive, who of their friends has paid, who is new. All of it comes from one
 * complete answer; without one, nobody is enrolled and nobody ends. May run twice at the same time.
 */
export async function enrollMember(memberId: string, deps: EnrollDeps): Promise<MemberReport> {
  const scene = await readScene(memberId, deps.db);
  if (scene === null) return emptyReport('unknown_member');
  if (scene.closed !== null && !scene.hasRunning) return emptyReport(scene.closed);
  const now = deps.clock.now();
  const { answer, subscription } = await followSubscription(scene.member, { ...deps, now });
  const graceMs = deps.config.RELANCE_SUBSCRIPTION_GRACE_DAYS * DAY_MS;
  if (isOverdue(subscription, answer, { now, graceMs })) {
    return { ...emptyReport('not_subscribed'), expired: await endSubscription(memberId, now, deps) };
  }
  const closed = scene.closed ?? CLOSED_BY[answer];
  return readAnswer({ ...scene, closed }, now, deps);
}

const CLOSED_BY = { yes: null, no: 'not_subscribed', unknown: 'subscription_unknown' } as const;

async function readAnswer(scene: Scene, now: Date, deps: EnrollDeps): Promise<MemberReport> {
  const { member, closed } = scene;
  const watch = await watchPayments(member._id, deps.db);
  const after = lookAfter(member.enrollmentCursor, now, deps.config.RELANCE_BACKLOG_DAYS);
  const since = oldestOf(watch.oldest, closed === null ? after : null);
  if (since === null) return emptyReport(closed);
  const answer = await deps.source.unpaidReferrals(member._id, margin(since));
  if (!answer.complete) return emptyReport('payments_unknown');

  const entry = closed === null ? await openEntry(scene, { now, after }, deps) : null;
  for await (const batch of answer.batches) {
    for (const { id } of batch) watch.sees(id);
    await entry?.take(batch);
  }
  const payments = await settlePayments(watch, now, answer.unreadable === 0, deps);
  await entry?.finish();
  return { ...emptyReport(closed), ...entry?.report(), ...payments };
}

/** Asks who of the member's running sequences is still unpaid, without enrolling anybody. */
export async function refreshPayments(memberId: string, deps: EnrollDeps): Promise<void> {
  const watch = await watchPayments(memberId, deps.db);
  if (watch.oldest === null) return;
  const now = deps.clock.now();
  const answer = await deps.source.unpaidReferrals(memberId, margin(watch.oldest));
  if (!answer.complete) return;
  for await (const batch of answer.batches) for (const { id } of batch) watch.sees(id);
  await settlePayments(watch, now, answer.unreadable === 0, deps);
}

/**
 * Behind the cursor everybody was considered who was known then. Some are told late, with the date on which they were
 * referred, so nobody within the days of the backlog is passed over; ids keep it from enrolling twice. Pure.
 */
function lookAfter(cursor: Date | null, now: Date, backlogDays: number): Date {
  const backlog = new Date(now.getTime() - backlogDays * DAY_MS);
  return oldestOf(cursor, backlog) ?? backlog;
}

/** A second earlier: whoever keeps whole seconds, or reads `since` as "later than", must still name the oldest. */
const margin = (since: Date): Date => new Date(since.getTime() - 1_000);

function settlePayments(watch: Watch, now: Date, provesAbsence: boolean, deps: EnrollDeps) {
  // Well within the freshness that sending asks for, so that an hourly run always renews it.
  const freshEnoughMs = (deps.config.RELANCE_PAYMENT_FRESHNESS_MINUTES * MINUTE_MS) / 6;
  return followPayments(watch, { askedAt: now, provesAbsence, freshEnoughMs }, deps);
}
