import type { CampaignDoc, Enrolling } from '../campaigns/index.ts';
import type { ChannelDoc } from '../channels/index.ts';
import type { MemberDoc } from '../members/index.ts';
import type { Clock } from '../platform/clock.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { Db } from '../platform/mongo.ts';
import type { Referral, ReferralSource } from '../referrals/index.ts';
import { add, roomIn } from './default-entry.ts';
import { PASSING } from './eligibility.ts';
import type { NotEligible } from './eligibility.ts';
import { enrollBatch } from './enroll-batch.ts';
import type { BatchDeps, BatchResult } from './enroll-batch.ts';
import { giveLeaseBack, renewLease, takeLease, whileLeased } from './enrolling-lease.ts';
import type { Lease } from './enrolling-lease.ts';
import { ANY_AGE, rulesOf } from './enrollment-rules.ts';
import type { RuleSettings } from './enrollment-rules.ts';
import { wantedOf } from './preview-audience.ts';

export interface CampaignEntryDeps extends BatchDeps {
  config: RuleSettings;
  clock: Clock;
  source: Pick<ReferralSource, 'campaignReferrals' | 'details'>;
  /** How far it has come; must not throw. */
  progress(campaign: CampaignDoc, figures: Figures): void;
  /** The process ends: the work is left to another. */
  isClosing(): boolean;
}

export interface Figures {
  /** People in the answer so far, and how many of them the filter wants. */
  considered: number;
  matching: number;
  enrolled: number;
  finished: boolean;
}

const MINUTE_MS = 60_000;
/** After an answer that was none. Machine time. */
const REST_MS = 30_000;
/** Whoever was left out for what passes by itself is looked at again with the hour. Calendar time. */
const AGAIN_MS = 60 * MINUTE_MS;

/**
 * Brings a campaign's audience in, batch by batch as the user service answers, and keeps how far it has come. May be
 * interrupted anywhere and called again, by anybody: ids keep it from enrolling twice. False: there was nothing to do,
 * or somebody else does it.
 */
export async function enrollCampaign(campaignId: string, deps: CampaignEntryDeps): Promise<boolean> {
  const lease = await takeLease(campaignId, { db: deps.db, now: deps.clock.now() });
  if (!lease) return false;
  const run: Run = {
    considered: 0,
    matching: 0,
    result: { enrolled: 0, known: 0, reasons: {}, oldestPassing: null },
  };
  let end: End = INTERRUPTED;
  try {
    end = await whileLeased(lease, deps.db, () => bringIn(lease, run, deps));
  } finally {
    const { considered, matching } = run;
    const tryAt = new Date(deps.clock.now().getTime() + end.afterMs);
    const left = { ...{ considered, matching, tryAt }, leftOut: run.result.reasons, ...stateOf(end) };
    await giveLeaseBack(lease, left, { db: deps.db, restMs: end.restMs });
    deps.progress(lease.campaign, {
      considered,
      matching,
      enrolled: run.result.enrolled,
      finished: end.done,
    });
  }
  return true;
}

interface Run {
  considered: number;
  matching: number;
  result: BatchResult;
}

/** How a run ended, and when the next one may begin: calendar time after now, and machine time. */
interface End {
  done: boolean;
  reason: string | null;
  afterMs: number;
  restMs: number;
}
const DONE: End = { done: true, reason: null, afterMs: 0, restMs: 0 };
const INTERRUPTED: End = { done: false, reason: 'interrupted', afterMs: 0, restMs: 0 };
const NO_ANSWER: End = { done: false, reason: 'no_answer', afterMs: 0, restMs: REST_MS };
const later = (reason: string, afterMs = AGAIN_MS): End => ({ done: false, reason, afterMs, restMs: 0 });

const stateOf = ({ done, reason }: End): Pick<Enrolling, 'state' | 'reason'> => ({
  state: done ? 'done' : 'waiting',
  reason,
});

async function bringIn(lease: Lease, run: Run, deps: CampaignEntryDeps): Promise<End> {
  const { campaign } = lease;
  const closed = await whyClosed(campaign.memberId, deps.db);
  if (closed !== null) return later(closed, MINUTE_MS);
  const answer = await deps.source.campaignReferrals(campaign.memberId);
  if (!answer.complete) return NO_ANSWER;
  for await (const batch of answer.batches) {
    if (deps.isClosing() || !(await renewLease(lease, figuresOf(run), deps.db))) return INTERRUPTED;
    const shut = await whyClosed(campaign.memberId, deps.db);
    if (shut !== null) return later(shut, MINUTE_MS);
    await bringBatchIn(campaign, batch, run, deps);
    deps.progress(campaign, { ...figuresOf(run), enrolled: run.result.enrolled, finished: false });
  }
  const passing = Object.keys(run.result.reasons).find(reason => PASSING.has(reason as NotEligible));
  return passing === undefined ? DONE : later(passing);
}

const figuresOf = ({ considered, matching }: Run) => ({ considered, matching });

async function bringBatchIn(
  campaign: CampaignDoc,
  batch: readonly Referral[],
  run: Run,
  deps: CampaignEntryDeps,
): Promise<void> {
  const wanted = wantedOf(batch, campaign.targetFilter ?? {});
  run.considered += batch.length;
  run.matching += wanted.length;
  if (wanted.length === 0) return;
  const [member, channel] = await Promise.all([
    deps.db.collection<MemberDoc>('members').findOne({ _id: campaign.memberId }),
    deps.db.collection<ChannelDoc>('channels').findOne({ _id: channelIdOf(campaign.memberId) }),
  ]);
  if (!member) return;
  const now = deps.clock.now();
  const rules = rulesOf(campaign, { ...{ member, channel, now, config: deps.config }, ...ANY_AGE });
  const room = await roomIn(campaign, member, deps.db);
  // This answer does not say who is unpaid in the sense that sending asks for: the list of the unpaid is asked next.
  add(run.result, await enrollBatch(wanted, room, { campaign, rules, unpaidSeenAt: null }, deps));
}

/** What stops enrollment, into any campaign. */
async function whyClosed(memberId: string, db: Db): Promise<string | null> {
  const member = await db
    .collection<MemberDoc>('members')
    .findOne({ _id: memberId }, { projection: { exclusions: 0 } });
  if (!member) return 'unknown_member';
  if (!member.enabled) return 'disabled';
  if (member.enrollmentPaused) return 'enrollment_paused';
  return member.subscription.noSince ? 'not_subscribed' : null;
}
