import type { CampaignDoc, TargetFilter } from '../campaigns/index.ts';
import { filterSubjectOf, matchesFilter } from '../campaigns/index.ts';
import type { ChannelDoc } from '../channels/index.ts';
import type { MemberDoc } from '../members/index.ts';
import { newMember } from '../members/index.ts';
import type { Clock } from '../platform/clock.ts';
import { channelIdOf } from '../platform/ids.ts';
import { noAnswer } from '../referrals/index.ts';
import type { Referral, ReferralSource } from '../referrals/index.ts';
import { eligibility } from './eligibility.ts';
import type { EnrollmentRules } from './eligibility.ts';
import { lookAt } from './enroll-batch.ts';
import type { BatchDeps, Looked, ReasonCounts } from './enroll-batch.ts';
import { ANY_AGE, rulesOf } from './enrollment-rules.ts';
import type { RuleSettings } from './enrollment-rules.ts';

export interface PreviewDeps extends Pick<BatchDeps, 'db' | 'hashPhone'> {
  config: RuleSettings;
  clock: Clock;
  source: Pick<ReferralSource, 'campaignReferrals'>;
}

export interface Audience {
  /** How many would be enrolled now. */
  count: number;
  /** The first of them. */
  sample: Referral[];
  /** Who matches the filter and would not be enrolled, by reason. */
  leftOut: ReasonCounts;
}

const SAMPLE = 5;

/**
 * Whom a filter would enroll now, by the same two questions that enrollment asks: does the filter want them, and are
 * they eligible? Batch by batch, whatever their number. Throws `unavailable` without a complete answer.
 */
export async function previewAudience(
  memberId: string,
  targetFilter: TargetFilter,
  deps: PreviewDeps,
): Promise<Audience> {
  const rules = await rulesFor({ memberId, type: 'filtered', targetFilter }, deps);
  const answer = await deps.source.campaignReferrals(memberId);
  if (!answer.complete) throw noAnswer();
  const audience: Audience = { count: 0, sample: [], leftOut: {} };
  const isNew = onceEach();
  for await (const batch of answer.batches) {
    const wanted = wantedOf(batch, targetFilter);
    for (const looked of await lookAt(wanted, 'filtered', deps)) take(audience, looked, rules, isNew);
  }
  return audience;
}

/** The campaign's audience, as far as the filter says. */
export const wantedOf = (batch: readonly Referral[], filter: TargetFilter): Referral[] =>
  batch.filter(referral => matchesFilter(filterSubjectOf(referral), filter));

async function rulesFor(
  campaign: Pick<CampaignDoc, 'memberId' | 'type' | 'targetFilter'>,
  { db, clock, config }: PreviewDeps,
): Promise<EnrollmentRules> {
  const { memberId } = campaign;
  const [member, channel] = await Promise.all([
    db.collection<MemberDoc>('members').findOne({ _id: memberId }),
    db.collection<ChannelDoc>('channels').findOne({ _id: channelIdOf(memberId) }),
  ]);
  const now = clock.now();
  return rulesOf(campaign, {
    member: member ?? newMember({ _id: memberId, email: '', name: null, at: now }),
    ...{ channel, now, config, ...ANY_AGE },
  });
}

function take(
  audience: Audience,
  { referral, candidate, phoneHash, facts }: Looked<Referral>,
  rules: EnrollmentRules,
  isNew: (referral: Referral, phoneHash: string) => boolean,
): void {
  const verdict = eligibility(candidate, { rules, facts, room: 1 });
  const reason = verdict.ok ? null : verdict.reason;
  // The second of two with one number, or one id, finds the first in a running sequence.
  const left = reason ?? (isNew(referral, phoneHash) ? null : 'running_elsewhere');
  if (left !== null) {
    audience.leftOut[left] = (audience.leftOut[left] ?? 0) + 1;
    return;
  }
  audience.count += 1;
  if (audience.sample.length < SAMPLE) audience.sample.push(referral);
}

function onceEach(): (referral: Referral, phoneHash: string) => boolean {
  const seen = new Set<string>();
  return ({ id }, phoneHash) => {
    if (seen.has(id) || seen.has(phoneHash)) return false;
    seen.add(id).add(phoneHash);
    return true;
  };
}
