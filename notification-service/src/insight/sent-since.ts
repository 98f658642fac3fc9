import type { Db } from '../platform/mongo.ts';
import type { DeliveryDoc } from './delivery-model.ts';

/** How many messages have gone out since then: of one member, or (null) of all. From an index alone. */
export const sentSince = (memberId: string | null, since: Date, db: Db): Promise<number> =>
  db
    .collection<DeliveryDoc>('deliveries')
    .countDocuments({ ...(memberId === null ? {} : { memberId }), outcome: 'sent', at: { $gte: since } });
