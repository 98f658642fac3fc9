import type { CampaignDoc } from '../campaigns/index.ts';
import type { EnrollmentDoc, ExitReason } from '../enrollments/index.ts';
import { EXIT_REASONS } from '../enrollments/index.ts';
import type { Db, Filter } from '../platform/mongo.ts';
import { DELIVERED_ACK } from './delivery-model.ts';
import type { DeliveryDoc } from './delivery-model.ts';

/** How many enrollments stand where. */
export interface Standing {
  enrolled: number;
  active: number;
  ended: number;
  exits: Record<ExitReason, number>;
  /** Active enrollments by the day they stand at. */
  byDay: { day: number; count: number }[];
}

export interface Messages {
  /** Parts that have a row, whatever became of them. */
  total: number;
  sent: number;
  /** Of those sent: on the person's phone. */
  delivered: number;
}

interface Group {
  _id: { status: EnrollmentDoc['status']; exitReason: ExitReason | null; day: number | null };
  count: number;
}

const DAYS = [1, 2, 3, 4, 5, 6, 7] as const;

/** Counts enrollments in one sweep, so that the figures agree with one another. */
export async function countStanding(whose: Filter<EnrollmentDoc>, db: Db): Promise<Standing> {
  const groups = await db
    .collection<EnrollmentDoc>('enrollments')
    .aggregate<Group>([
      { $match: whose },
      {
        $group: {
          _id: {
            status: '$status',
            exitReason: '$exitReason',
            day: { $cond: [{ $eq: ['$status', 'active'] }, '$step.day', null] },
          },
          count: { $sum: 1 },
        },
      },
    ])
    .toArray();
  return standingOf(groups);
}

function standingOf(groups: readonly Group[]): Standing {
  const sum = (wanted: (group: Group['_id']) => boolean) =>
    groups.reduce((total, { _id, count }) => (wanted(_id) ? total + count : total), 0);
  const active = sum(({ status }) => status === 'active');
  const ended = sum(({ status }) => status === 'ended');
  return {
    enrolled: active + ended,
    active,
    ended,
    exits: Object.fromEntries(
      EXIT_REASONS.map(reason => [
        reason,
        sum(({ status, exitReason }) => status === 'ended' && exitReason === reason),
      ]),
    ) as Record<ExitReason, number>,
    byDay: DAYS.map(day => ({ day, count: sum(group => group.status === 'active' && group.day === day) })),
  };
}

/** Each from an index alone. */
export async function countMessages(whose: Filter<DeliveryDoc>, db: Db): Promise<Messages> {
  const deliveries = db.collection<DeliveryDoc>('deliveries');
  const count = (outcome: DeliveryDoc['outcome'], more: Filter<DeliveryDoc> = {}) =>
    deliveries.countDocuments({ ...whose, outcome, ...more });
  const [sent, skipped, unknown, delivered] = await Promise.all([
    count('sent'),
    count('skipped'),
    count('unknown'),
    count('sent', { ack: { $gte: DELIVERED_ACK } }),
  ]);
  return { total: sent + skipped + unknown, sent, delivered };
}

/** Of `whole`, in per cent with two decimals; 0 of nothing. */
export const percentOf = (part: number, whole: number): number =>
  whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 100;

/** What the default campaign's page and the landing page show. `landing` is over all members, or one's own. */
export async function campaignStats(
  args: { campaignId: string; isPaused: boolean; landing: { memberId?: string } },
  db: Db,
) {
  const { campaignId, isPaused, landing } = args;
  const [standing, messages, all, activeCampaigns, running] = await Promise.all([
    countStanding({ campaignId }, db),
    countMessages({ campaignId }, db),
    countMessages(landing, db),
    db.collection<CampaignDoc>('campaigns').countDocuments({ ...landing, status: 'active' }),
    db.collection<EnrollmentDoc>('enrollments').countDocuments({ ...landing, status: 'active' }),
  ]);
  return {
    totalEnrolled: standing.enrolled,
    activeTargets: standing.active,
    completedRelance: standing.exits.completed_7_days,
    totalMessagesSent: messages.sent,
    totalMessagesDelivered: messages.delivered,
    deliveryPercentage: percentOf(messages.delivered, messages.sent),
    isPaused,
    dayProgression: standing.byDay,
    completedTargets: standing.ended,
    totalTargets: standing.enrolled,
    successRate: percentOf(standing.exits.paid, standing.ended),
    exitReasons: standing.exits,
    activeCampaigns,
    totalMessages: all.total,
    sentMessages: all.sent,
    deliveryRate: percentOf(all.delivered, all.sent),
    totalUsersInRelance: running,
  };
}
