import type { CampaignDoc } from '../campaigns/index.ts';
import { ensureDefaultCampaign } from '../campaigns/index.ts';
import type { MemberDoc } from '../members/index.ts';
import type { Config } from '../platform/config.ts';
import type { Db } from '../platform/mongo.ts';
import type { Referral } from '../referrals/index.ts';
import { enrollBatch } from './enroll-batch.ts';
import type { BatchDeps, BatchResult, RunScene } from './enroll-batch.ts';
import type { EnrollmentRules } from './eligibility.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';
import { rulesOf } from './enrollment-rules.ts';
import type { RuleSettings } from './enrollment-rules.ts';
import { readScene } from './member-scene.ts';
import type { Scene } from './member-scene.ts';
import type { Closed, MemberReport } from './run-report.ts';

export interface EntryDeps extends BatchDeps {
  config: RuleSettings & Pick<Config, 'RELANCE_ENROLLMENT_DELAY_MINUTES'>;
}

const MINUTE_MS = 60_000;

export interface Entry {
  take(batch: readonly Referral[]): Promise<void>;
  /** Everybody was considered: the cursor moves on. */
  finish(): Promise<void>;
  report(): Partial<MemberReport>;
}

/** Enrollment into the default campaign, batch by batch, as long as it stays open. */
export async function openEntry(
  { member, channel }: Scene,
  { now, after }: { now: Date; after: Date },
  deps: EntryDeps,
): Promise<Entry> {
  const { db } = deps;
  const campaign = await ensureDefaultCampaign(member._id, { db, now });
  const run: RunScene = {
    campaign,
    rules: rulesOf(campaign, {
      ...{ member, channel, now, after, config: deps.config },
      delayMs: deps.config.RELANCE_ENROLLMENT_DELAY_MINUTES * MINUTE_MS,
    }),
    unpaidSeenAt: now,
  };
  let room = await roomIn(campaign, member, db);
  let interrupted: Closed | null = null;
  const total: BatchResult = { enrolled: 0, known: 0, reasons: {}, oldestPassing: null };

  return {
    async take(batch) {
      interrupted ??= await readScene(member._id, db).then(scene =>
        scene ? scene.closed : 'unknown_member',
      );
      if (interrupted !== null) return;
      const result = await enrollBatch(batch, room, run, deps);
      room -= result.enrolled;
      add(total, result);
    },
    async finish() {
      if (interrupted === null) await moveCursor(member, cursorAfter(run.rules, total.oldestPassing), db);
    },
    report: () => ({
      closed: interrupted,
      enrolled: total.enrolled,
      known: total.known,
      reasons: total.reasons,
    }),
  };
}

/** How many more the campaign may take at present. */
export async function roomIn(campaign: CampaignDoc, member: MemberDoc, db: Db): Promise<number> {
  const running = await db
    .collection<EnrollmentDoc>('enrollments')
    .countDocuments({ campaignId: campaign._id, status: 'active' });
  return Math.max(0, member.maxTargetsPerCampaign - running);
}

export function add(total: BatchResult, result: BatchResult): void {
  total.enrolled += result.enrolled;
  total.known += result.known;
  for (const [reason, count] of Object.entries(result.reasons)) {
    const key = reason as keyof BatchResult['reasons'];
    total.reasons[key] = (total.reasons[key] ?? 0) + count;
  }
  total.oldestPassing = oldestOf(total.oldestPassing, result.oldestPassing);
}

/** Everybody older than the delay was considered, except those whose reason passes by itself. Pure. */
function cursorAfter(
  { now, after, delayMs }: Pick<EnrollmentRules, 'now' | 'after' | 'delayMs'>,
  oldestPassing: Date | null,
): Date {
  const considered = Math.max(after.getTime(), now.getTime() - delayMs);
  return new Date(oldestPassing === null ? considered : Math.min(considered, oldestPassing.getTime() - 1));
}

/** Only from where this run began: the cursor of an overlapping run stands. */
async function moveCursor(member: MemberDoc, to: Date, db: Db): Promise<void> {
  if (to.getTime() === member.enrollmentCursor?.getTime()) return;
  await db
    .collection<MemberDoc>('members')
    .updateOne(
      { _id: member._id, enrollmentCursor: member.enrollmentCursor },
      { $set: { enrollmentCursor: to } },
    );
}

export const oldestOf = (a: Date | null, b: Date | null): Date | null =>
  a === null || b === null ? (a ?? b) : a < b ? a : b;
