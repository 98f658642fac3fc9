/** Who is in a campaign, at which step, when the next is due; eligibility, exit, the person. */
import type { CampaignDoc, TargetFilter } from '../campaigns/index.ts';
import type { Route } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import type { PhoneHasher } from '../platform/crypto.ts';
import { mongoDocStore } from '../platform/doc-store.ts';
import type { Logger } from '../platform/logger.ts';
import type { Db } from '../platform/mongo.ts';
import type { Redis } from '../platform/redis.ts';
import { withSlotLock } from '../platform/slot-lock.ts';
import type { ReferralSource } from '../referrals/index.ts';
import { createCampaignJobs } from './campaign-jobs.ts';
import {
  deleteCampaignTargets,
  endCampaignTargets,
  hasRunningTargets,
  releaseCampaignTargets,
} from './campaign-targets.ts';
import { createCalendar } from './calendar.ts';
import type { EnrollmentCalendar } from './calendar.ts';
import type { Figures } from './enroll-campaign.ts';
import { enrollDue } from './enroll-due.ts';
import { enrollMember } from './enroll-member.ts';
import { enrollmentRoutes } from './enrollment-routes.ts';
import { exitReferral } from './exit-referral.ts';
import { exitRoutes } from './exit-routes.ts';
import type { Exit, ExitResult } from './exit-steps.ts';
import { previewAudience } from './preview-audience.ts';
import type { Audience } from './preview-audience.ts';
import { addToRun, emptyRun } from './run-report.ts';
import type { MemberReport, RunReport } from './run-report.ts';
import { stopRoutes } from './stop-routes.ts';

export * from './calendar.ts';
export * from './enrollment-model.ts';
export { exitEventModel } from './exit-event-model.ts';
export { eraseOldEnrollments } from './erase-old.ts';
export type { Exit, ExitResult } from './exit-steps.ts';
export { holdEnrollment } from './hold-enrollment.ts';
export { passedOverModel } from './passed-over-model.ts';
export type { PassedOverDoc } from './passed-over-model.ts';
export * from './person-model.ts';
export type { MemberReport, RunReport } from './run-report.ts';
export * from './step.ts';
export { stopExcluded } from './stop-excluded.ts';

export interface EnrollmentsDeps {
  config: Config;
  db: Db;
  redis: Redis;
  clock: Clock;
  logger: Logger;
  source: ReferralSource;
  hashPhone: PhoneHasher;
  /** Wakes the pump that hosts this channel, in whatever process it runs. */
  wakeChannel(channelId: string): void;
  /** Told of every sequence that ended by a payment, by hand or with the member's subscription; must not throw. */
  ended(result: ExitResult): void;
  recordAudit(entry: { actor: string; action: string; target: string; after?: unknown }): Promise<void>;
  /** How far the enrollment of a campaign has come; must not throw. */
  campaignProgress?(campaign: CampaignDoc, figures: Figures): void;
}

export interface Enrollments {
  routes: Route[];
  /** With the configured sending hours. */
  calendar: EnrollmentCalendar;
  enrollMember(memberId: string): Promise<MemberReport>;
  /** Every member, now. */
  enrollDue(): Promise<RunReport>;
  /** The same for the tick of `at`, unless another process has taken it. */
  enrollTick(at: Date): Promise<void>;
  exitReferral(exit: Exit): Promise<ExitResult>;
  /** Whom a filter would enroll now. Throws `unavailable` without a complete answer of the user service. */
  previewAudience(memberId: string, filter: TargetFilter): Promise<Audience>;
  campaigns: CampaignTargets;
  /** No further batch of a campaign is begun; resolves when those under way have ended. */
  close(): Promise<void>;
}

/** What a campaign does to its people. Each may be done again. */
export interface CampaignTargets {
  /** Works until there is nothing more to do at present, unless somebody else does. Never rejects. */
  enroll(campaignId: string): Promise<void>;
  end(campaignId: string): Promise<void>;
  release(campaignId: string): Promise<void>;
  hasRunning(campaignId: string): Promise<boolean>;
  count(campaignId: string): Promise<number>;
  /** True when nothing is left. */
  delete(campaignId: string): Promise<boolean>;
}

/** A slot is named by its instant, so it only has to outlive the difference of the processes' clocks. */
const SLOT_MS = 10 * 60_000;

export function createEnrollments(deps: EnrollmentsDeps): Enrollments {
  const { config, redis } = deps;
  const store = mongoDocStore(deps.db);
  const calendar = createCalendar({ window: config.RELANCE_WINDOW, days: config.RELANCE_WINDOW_DAYS });
  const tools = { ...deps, store, calendar };
  const runFor = async (memberId: string | null): Promise<RunReport> => {
    if (memberId === null) return enrollDue(tools);
    const run = emptyRun();
    addToRun(run, await enrollMember(memberId, tools));
    return run;
  };
  const jobs = createCampaignJobs(tools);
  return {
    routes: [
      ...exitRoutes(tools),
      ...stopRoutes(tools),
      ...enrollmentRoutes({ run: runFor, recordAudit: entry => deps.recordAudit(entry) }),
    ],
    calendar,
    enrollMember: memberId => enrollMember(memberId, tools),
    enrollDue: () => enrollDue(tools),
    async enrollTick(at) {
      const slot = `${config.REDIS_PREFIX}:enroll:${at.toISOString()}`;
      await withSlotLock(redis, slot, SLOT_MS, () => enrollDue(tools));
    },
    previewAudience: (memberId, filter) => previewAudience(memberId, filter, tools),
    campaigns: {
      enroll: campaignId => jobs.run(campaignId),
      end: campaignId => endCampaignTargets(campaignId, tools),
      release: campaignId => releaseCampaignTargets(campaignId, tools),
      hasRunning: campaignId => hasRunningTargets(campaignId, deps.db),
      count: campaignId => deps.db.collection('enrollments').countDocuments({ campaignId }),
      delete: campaignId => deleteCampaignTargets(campaignId, deps.db),
    },
    close: () => jobs.close(),
    async exitReferral(exit) {
      const result = await exitReferral(exit, { store });
      deps.ended(result);
      return result;
    },
  };
}
