/** Numbers for people: dashboard, funnel, timelines, the log of what was sent, the audit log. */
import type { CampaignCounts } from '../campaigns/index.ts';
import type { StatusDeps } from '../channels/index.ts';
import type { BrakesOf, PaceSettings, SendingSwitch } from '../delivery/index.ts';
import type { Exit, ExitResult } from '../enrollments/index.ts';
import type { Route } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import type { Events } from '../platform/events.ts';
import type { Db } from '../platform/mongo.ts';
import { campaignCounts } from './campaign-counts.ts';
import { adminCampaignReadRoutes, campaignReadRoutes } from './campaign-read-routes.ts';
import { adminInsightRoutes } from './admin-insight-routes.ts';
import { recordAudit } from './audit.ts';
import type { AuditEntry } from './audit.ts';
import type { DeliveryDoc } from './delivery-model.ts';
import { followDeliveries, rebuildDeliveries } from './follow-deliveries.ts';
import type { FollowReport } from './follow-deliveries.ts';
import { memberInsightRoutes } from './member-insight-routes.ts';
import { personRoutes } from './person-routes.ts';
import { rememberSequences } from './remember-sequences.ts';
import { sentSince } from './sent-since.ts';

export { auditModel } from './audit.ts';
export type { AuditEntry } from './audit.ts';
export { deliveryModel } from './delivery-model.ts';
export type { FollowReport } from './follow-deliveries.ts';

export interface InsightDeps {
  db: Db;
  clock: Clock;
  events: Pick<Events, 'publish'>;
  /** Where "today" of the whole platform begins. */
  platformZone: string;
  pace: PaceSettings;
  memberCapDefault: number;
  brakesOf: BrakesOf;
  /** As the status of one member is read, so that admins see the same. */
  statuses: StatusDeps;
  sendingSwitch(): Promise<SendingSwitch>;
  /** WhatsApp has confirmed a row that stayed unknown. */
  settleLate(row: DeliveryDoc): Promise<void>;
  hashPhone(phone: string): string;
  exit(exit: Exit): Promise<ExitResult>;
  /** Deletes all that is theirs as a member; harmless for somebody who is none. */
  leave(memberId: string): Promise<void>;
}

export interface Insight {
  routes: Route[];
  /** Brings the log of deliveries up to date; every few seconds, by the scheduler. */
  followDeliveries(): Promise<FollowReport>;
  rebuildDeliveries(): Promise<FollowReport>;
  recordAudit(entry: AuditEntry): Promise<void>;
  /** How many messages of this member have gone out since then. */
  countSent(memberId: string, since: Date): Promise<number>;
  rememberSequences(whose: { memberId: string } | { campaignId: string }): Promise<void>;
  /** What campaigns have come to, at this moment. */
  campaignCounts(campaignIds: readonly string[]): Promise<(campaignId: string) => CampaignCounts>;
}

export function createInsight(deps: InsightDeps): Insight {
  const { db, clock, events } = deps;
  const following = {
    db,
    proved: (delivery: DeliveryDoc) => deps.settleLate(delivery),
    changed: (delivery: DeliveryDoc) =>
      void events.publish(delivery.memberId, { type: 'delivery', data: newsOf(delivery) }, { keep: true }),
  };
  return {
    routes: [
      ...memberInsightRoutes(deps),
      ...campaignReadRoutes(deps),
      ...adminInsightRoutes(deps),
      ...adminCampaignReadRoutes(deps),
      ...personRoutes({ ...deps, recordAudit: entry => recordAudit(entry, { db, clock }) }),
    ],
    followDeliveries: () => followDeliveries(following),
    rebuildDeliveries: () => rebuildDeliveries(following),
    recordAudit: entry => recordAudit(entry, { db, clock }),
    countSent: (memberId, since) => sentSince(memberId, since, db),
    rememberSequences: whose => rememberSequences(whose, { db, clock }),
    campaignCounts: campaignIds => campaignCounts(campaignIds, db),
  };
}

/** What a page needs to know that something has moved; the text is not told. */
const newsOf = ({ enrollmentId, day, part, outcome, ack }: DeliveryDoc) => ({
  targetId: enrollmentId,
  day,
  part,
  status: outcome === 'sent' && ack >= 2 ? (ack >= 3 ? 'read' : 'delivered') : outcome,
});
