import type { Db, Filter } from '../platform/mongo.ts';
import type { DeliveryDoc } from './delivery-model.ts';

export interface LogQuery {
  page: number;
  limit: number;
  /** The member who sent, or the person who was written to. */
  userId?: string | undefined;
  dayNumber?: number | undefined;
  success?: boolean | undefined;
  dateFrom?: Date | undefined;
  /** Inclusive. */
  dateTo?: Date | undefined;
}

/** The newest first. */
export async function readLogs(query: LogQuery, db: Db): Promise<{ docs: DeliveryDoc[]; total: number }> {
  const filter = filterOf(query);
  const deliveries = db.collection<DeliveryDoc>('deliveries');
  const [docs, total] = await Promise.all([
    deliveries
      .find(filter)
      .sort({ at: -1, _id: -1 })
      .skip((query.page - 1) * query.limit)
      .limit(query.limit)
      .toArray(),
    deliveries.countDocuments(filter),
  ]);
  return { docs, total };
}

function filterOf({ userId, dayNumber, success, dateFrom, dateTo }: LogQuery): Filter<DeliveryDoc> {
  return {
    ...(userId === undefined ? {} : { $or: [{ memberId: userId }, { referralUserId: userId }] }),
    ...(dayNumber === undefined ? {} : { day: dayNumber }),
    ...(success === undefined ? {} : { outcome: success ? 'sent' : { $in: ['skipped', 'unknown'] } }),
    ...(dateFrom || dateTo
      ? { at: { ...(dateFrom ? { $gte: dateFrom } : {}), ...(dateTo ? { $lte: dateTo } : {}) } }
      : {}),
  };
}
