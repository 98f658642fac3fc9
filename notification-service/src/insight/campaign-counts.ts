import type { CampaignCounts } from '../campaigns/index.ts';
import type { EnrollmentDoc, ExitReason } from '../enrollments/index.ts';
import type { Db } from '../platform/mongo.ts';
import { percentOf } from './campaign-stats.ts';
import { DELIVERED_ACK, READ_ACK } from './delivery-model.ts';
import type { DeliveryDoc } from './delivery-model.ts';

interface Standing {
  _id: { campaignId: string; exitReason: ExitReason | null };
  count: number;
}
interface Sent {
  _id: string;
  sent: number;
  delivered: number;
  read: number;
  failed: number;
}

/** What several campaigns have come to, counted at this moment: two aggregations, each served by an index. */
export async function campaignCounts(
  campaignIds: readonly string[],
  db: Db,
): Promise<(campaignId: string) => CampaignCounts> {
  if (campaignIds.length === 0) return () => countsFrom([], undefined);
  const [standing, sent] = await Promise.all([standingOf(campaignIds, db), sentOf(campaignIds, db)]);
  return campaignId =>
    countsFrom(
      standing.filter(({ _id }) => _id.campaignId === campaignId),
      sent.find(({ _id }) => _id === campaignId),
    );
}

const standingOf = (ids: readonly string[], db: Db): Promise<Standing[]> =>
  db
    .collection<EnrollmentDoc>('enrollments')
    .aggregate<Standing>([
      { $match: { campaignId: { $in: [...ids] } } },
      { $group: { _id: { campaignId: '$campaignId', exitReason: '$exitReason' }, count: { $sum: 1 } } },
    ])
    .toArray();

const sumIf = (...all: object[]) => ({ $sum: { $cond: [{ $and: all }, 1, 0] } });
const isSent = { $eq: ['$outcome', 'sent'] };

/** Needs no document: outcome and ack stand in the index beside the campaign. */
const sentOf = (ids: readonly string[], db: Db): Promise<Sent[]> =>
  db
    .collection<DeliveryDoc>('deliveries')
    .aggregate<Sent>([
      { $match: { campaignId: { $in: [...ids] } } },
      {
        $group: {
          _id: '$campaignId',
          sent: sumIf(isSent),
          delivered: sumIf(isSent, { $gte: ['$ack', DELIVERED_ACK] }),
          read: sumIf(isSent, { $gte: ['$ack', READ_ACK] }),
          failed: sumIf({ $eq: ['$outcome', 'skipped'] }),
        },
      },
    ])
    .toArray();

function countsFrom(standing: readonly Standing[], sent: Sent | undefined): CampaignCounts {
  const sum = (wanted: (reason: ExitReason | null) => boolean) =>
    standing.reduce((total, { _id, count }) => (wanted(_id.exitReason) ? total + count : total), 0);
  const ended = sum(reason => reason !== null);
  const completed = sum(reason => reason === 'completed_7_days');
  return {
    targetsEnrolled: sum(() => true),
    targetsCompleted: completed,
    targetsExited: ended - completed,
    targetsReplied: sum(reason => reason === 'replied'),
    messagesSent: sent?.sent ?? 0,
    messagesDelivered: sent?.delivered ?? 0,
    messagesRead: sent?.read ?? 0,
    messagesFailed: sent?.failed ?? 0,
    successRate: percentOf(
      sum(reason => reason === 'paid'),
      ended,
    ),
  };
}
