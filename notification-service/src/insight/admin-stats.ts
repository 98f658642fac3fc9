import type { ChannelDoc } from '../channels/index.ts';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import type { MemberDoc } from '../members/index.ts';
import type { Db } from '../platform/mongo.ts';
import { countMessages, countStanding, percentOf } from './campaign-stats.ts';
import { sentSince } from './sent-since.ts';

/** Over the whole platform. `midnight` is where "today" begins. */
export async function adminStats({ db, midnight }: { db: Db; midnight: Date }) {
  const [standing, messages, activeConfigsCount, targetsEnrolledToday, messagesSentToday] = await Promise.all(
    [
      countStanding({}, db),
      countMessages({}, db),
      countActiveConfigs(db),
      db
        .collection<EnrollmentDoc>('enrollments')
        .countDocuments({ status: { $in: ['active', 'ended'] }, enteredAt: { $gte: midnight } }),
      sentSince(null, midnight, db),
    ],
  );
  return {
    totalActiveTargets: standing.active,
    totalCompletedTargets: standing.ended,
    totalMessagesSent: messages.sent,
    totalMessagesDelivered: messages.delivered,
    totalSuccessRate: percentOf(standing.exits.paid, standing.ended),
    activeConfigsCount,
    targetsEnrolledToday,
    messagesSentToday,
    exitReasons: standing.exits,
    dayProgression: standing.byDay,
  };
}

/** Members whose WhatsApp is connected and who have not switched the service off. */
async function countActiveConfigs(db: Db): Promise<number> {
  const [counted] = await db
    .collection<ChannelDoc>('channels')
    .aggregate<{ count: number }>([
      { $match: { state: { $in: ['active', 'warming', 'connecting'] } } },
      {
        $lookup: {
          from: 'members',
          localField: 'memberId',
          foreignField: '_id',
          as: 'member',
          pipeline: [ENABLED],
        },
      },
      { $match: { 'member.enabled': { $ne: false } } },
      { $count: 'count' },
    ])
    .toArray();
  return counted?.count ?? 0;
}

const ENABLED = { $project: { enabled: 1 } satisfies Partial<Record<keyof MemberDoc, 1>> };
