import type { ChannelDoc } from '../channels/index.ts';
import { wakeChannelUpdate } from '../channels/index.ts';
import type { CampaignDoc } from '../campaigns/index.ts';
import type { PhoneHasher } from '../platform/crypto.ts';
import { channelIdOf, enrollmentIdOf } from '../platform/ids.ts';
import type { Db } from '../platform/mongo.ts';
import type { PersonDetails, Referral, ReferralSource } from '../referrals/index.ts';
import type { EnrollmentCalendar } from './calendar.ts';
import { eligibility, outOfTime, PASSING } from './eligibility.ts';
import type { Candidate, CandidateFacts, Eligibility, EnrollmentRules, NotEligible } from './eligibility.ts';
import { insertEnrollments } from './insert-enrollments.ts';
import { lookUpFacts } from './look-up-facts.ts';
import { newEnrollment } from './new-enrollment.ts';
import { keepReasons, recallBatch } from './batch-memory.ts';
import type { Considered, Dated, Outcome } from './batch-memory.ts';
import { readCandidate, withDetails } from './read-candidate.ts';

export interface BatchDeps {
  db: Db;
  source: Pick<ReferralSource, 'details'>;
  hashPhone: PhoneHasher;
  calendar: Pick<EnrollmentCalendar, 'firstDue'>;
  wakeChannel(channelId: string): void;
}

/** What one run over one campaign goes by. */
export interface RunScene {
  campaign: CampaignDoc;
  rules: EnrollmentRules;
  /** When the complete answer that names these people as unpaid was asked for; null: it said nothing of that. */
  unpaidSeenAt: Date | null;
}

export type ReasonCounts = Partial<Record<NotEligible, number>>;

export interface BatchResult {
  enrolled: number;
  /** Enrolled before. */
  known: number;
  reasons: ReasonCounts;
  /** The oldest referral that must be met again by the next run. */
  oldestPassing: Date | null;
}

/** Enrolls whoever of a batch is eligible, and keeps the reason of whoever is not. Known ids are looked up first. */
export async function enrollBatch(
  batch: readonly Referral[],
  room: number,
  scene: RunScene,
  deps: BatchDeps,
): Promise<BatchResult> {
  const { inTime, tally } = sortByTime(batch, scene);
  const memory = await recallBatch(inTime, deps.db);
  const fresh = inTime.filter(referral => !memory.known.has(referral.enrollmentId));
  tally.known += inTime.length - fresh.length;
  const judged = await judge(fresh, room, scene, deps);
  const results = await enter(judged, scene, deps);
  for (const { referral, outcome } of results) count(tally, referral, outcome);
  await keepReasons(results, memory.reasons, scene, deps.db);
  return tally;
}

function count(tally: BatchResult, referral: Dated, outcome: Outcome): void {
  if (outcome === 'enrolled' || outcome === 'known') {
    tally[outcome] += 1;
    return;
  }
  tally.reasons[outcome] = (tally.reasons[outcome] ?? 0) + 1;
  if (!PASSING.has(outcome)) return;
  if (tally.oldestPassing === null || referral.createdAt < tally.oldestPassing)
    tally.oldestPassing = referral.createdAt;
}

/** Too young, too old, undated: counted, and no further look is taken. */
function sortByTime(
  batch: readonly Referral[],
  { campaign, rules }: RunScene,
): { inTime: Dated[]; tally: BatchResult } {
  const tally: BatchResult = { enrolled: 0, known: 0, reasons: {}, oldestPassing: null };
  const inTime: Dated[] = [];
  for (const referral of batch) {
    const { createdAt } = referral;
    const reason = outOfTime({ createdAt }, rules);
    if (reason === null && createdAt !== null) {
      inTime.push({ ...referral, createdAt, enrollmentId: enrollmentIdOf(campaign._id, referral.id) });
    } else if (reason !== null) tally.reasons[reason] = (tally.reasons[reason] ?? 0) + 1;
  }
  return { inTime, tally };
}

interface Judged {
  referral: Dated;
  verdict: Eligibility;
  phoneHash: string;
  /** Another run has enrolled them meanwhile: no reason against them. */
  isKnown: boolean;
}

/** One referral with all that is known about them. */
export interface Looked<R extends Referral> {
  referral: R;
  candidate: Candidate;
  phoneHash: string;
  facts: CandidateFacts;
}

/** Asks what the platform knows about a batch. Four reads. */
export async function lookAt<R extends Referral>(
  batch: readonly R[],
  campaignType: CampaignDoc['type'],
  { db, hashPhone }: Pick<BatchDeps, 'db' | 'hashPhone'>,
): Promise<Looked<R>[]> {
  if (batch.length === 0) return [];
  const read = batch.map(referral => {
    const candidate = readCandidate(referral, campaignType);
    const phoneHash = candidate.phone === null ? '' : hashPhone(candidate.phone.phone);
    return { referral, candidate, phoneHash };
  });
  const keysOf = ({ referral, phoneHash }: (typeof read)[number]) => ({
    referralUserId: referral.id,
    phoneHash,
  });
  const factsOf = await lookUpFacts(read.filter(({ phoneHash }) => phoneHash !== '').map(keysOf), db);
  return read.map(one => ({ ...one, facts: factsOf(keysOf(one)) }));
}

async function judge(
  fresh: readonly Dated[],
  room: number,
  scene: RunScene,
  deps: BatchDeps,
): Promise<Judged[]> {
  if (fresh.length === 0) return [];
  const looked = await lookAt(fresh, scene.campaign.type, deps);
  const { rules } = scene;
  // Only whoever would be enrolled is asked about, and the room is given out in order.
  const asked = looked
    .filter(one => one.referral.languages === null)
    .filter(one => eligibility(one.candidate, { rules, facts: one.facts, room: 1 }).ok)
    .slice(0, room);
  const details = await askDetails(
    asked.map(one => one.referral.id),
    deps.source,
  );
  const isAsked = new Set(asked);
  let left = room;
  return looked.map(one => {
    const candidate: Candidate = isAsked.has(one) ? withDetails(one.candidate, details) : one.candidate;
    const beyond = one.referral.languages === null && !isAsked.has(one);
    const verdict = eligibility(candidate, { rules, facts: one.facts, room: beyond ? 0 : left });
    if (verdict.ok) left -= 1;
    const isKnown = one.facts.sequences.some(({ _id }) => _id === one.referral.enrollmentId);
    return { referral: one.referral, verdict, phoneHash: one.phoneHash, isKnown };
  });
}

async function askDetails(
  ids: string[],
  source: BatchDeps['source'],
): Promise<Map<string, PersonDetails> | null> {
  if (ids.length === 0) return new Map();
  const answer = await source.details(ids);
  return answer.known ? answer.byId : null;
}

/** Inserts first, then sets the alarm: should the process end in between, the sweep finds the work. */
async function enter(judged: readonly Judged[], scene: RunScene, deps: BatchDeps): Promise<Considered[]> {
  const { rules, campaign, unpaidSeenAt } = scene;
  const dueIn = dueByZone(rules.now, deps.calendar);
  const entering = judged.flatMap(({ referral, verdict, phoneHash }) =>
    verdict.ok
      ? [
          {
            referral,
            doc: newEnrollment({
              ...verdict,
              campaign,
              referral,
              phoneHash,
              unpaidSeenAt,
              now: rules.now,
              dueAt: dueIn(verdict.zone),
            }),
          },
        ]
      : [],
  );
  const inserted = await insertEnrollments(
    entering.map(({ doc }) => doc),
    deps.db,
  );
  const dues = entering
    .filter((_, i) => inserted[i] === 'enrolled')
    .map(({ doc }) => doc.step.dueAt.getTime());
  if (dues.length > 0) await wake(campaign.memberId, new Date(dues.reduce((a, b) => Math.min(a, b))), deps);
  return [
    ...entering.map(({ referral }, i) => ({ referral, outcome: inserted[i] ?? 'known' })),
    ...judged.flatMap(({ referral, verdict, isKnown }): Considered[] =>
      verdict.ok ? [] : [{ referral, outcome: isKnown ? 'known' : verdict.reason }],
    ),
  ];
}

async function wake(memberId: string, at: Date, deps: BatchDeps): Promise<void> {
  const channelId = channelIdOf(memberId);
  await deps.db.collection<ChannelDoc>('channels').updateOne({ _id: channelId }, wakeChannelUpdate(at));
  deps.wakeChannel(channelId);
}

/** Day 1 depends on the zone only. */
function dueByZone(now: Date, calendar: BatchDeps['calendar']): (zone: string) => Date {
  const known = new Map<string, Date>();
  return zone => {
    const dueAt = known.get(zone) ?? calendar.firstDue({ now, zone });
    known.set(zone, dueAt);
    return dueAt;
  };
}
