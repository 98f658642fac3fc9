import type { Clock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import type { Logger } from './platform/logger.ts';
import { tick } from './platform/scheduler.ts';
import type { Tick } from './platform/scheduler.ts';

/** What the timetable calls. Every run is harmless when it happens twice, in one process or in several. */
export interface Jobs {
  enroll(at: Date): Promise<unknown>;
  followCampaigns(): Promise<unknown>;
  retryCampaignFiles(): Promise<unknown>;
  sweep(): Promise<unknown>;
  followDeliveries(): Promise<unknown>;
  refreshHealth(): Promise<unknown>;
  eraseOldTexts(): Promise<unknown>;
  deliverHelpRequests(): Promise<unknown>;
  deliverNotifications(): Promise<unknown>;
  finishAnswers(): Promise<unknown>;
}

/** The timetable of the `scheduler` role on one page: when → what. Cron is calendar time, milliseconds are machine time. */
export function startSchedule(
  jobs: Jobs,
  { config, clock, logger }: { config: Config; clock: Clock; logger: Logger },
): Tick[] {
  const minuteMs = Math.max(1_000, 60_000 / clock.rate);
  const at = (name: string, when: string | { everyMs: number }, run: (at: Date) => Promise<unknown>) =>
    tick({ name, when, clock, logger, run });
  return [
    at('enroll', config.RELANCE_ENROLLMENT_CRON, jobs.enroll),
    at('campaigns', { everyMs: Math.min(5_000, minuteMs) }, jobs.followCampaigns),
    at('files of campaigns', { everyMs: 600_000 }, jobs.retryCampaignFiles),
    at('sweep', { everyMs: minuteMs }, jobs.sweep),
    at('follow deliveries', { everyMs: 2_000 }, jobs.followDeliveries),
    at('health', '0 * * * *', jobs.refreshHealth),
    at('retention', '30 3 * * *', jobs.eraseOldTexts),
    at('help requests', { everyMs: 5_000 }, jobs.deliverHelpRequests),
    at('notifications', { everyMs: 5_000 }, jobs.deliverNotifications),
    at('answers left half done', { everyMs: 5_000 }, jobs.finishAnswers),
  ];
}
