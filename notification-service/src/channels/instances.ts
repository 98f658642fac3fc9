import type { Collection } from '../platform/mongo.ts';
import type { InstanceDoc } from './instance-model.ts';

/**
 * Who is alive, by the database's clock. Taking an instance for dead is a compare-and-set on its document, after which
 * its own renewals fail: it cannot come back under this id.
 */
export interface Instances {
  begin(id: string): Promise<void>;
  /** False: this instance was taken for dead, or its document is gone. */
  renew(id: string): Promise<boolean>;
  end(id: string): Promise<void>;
  /** Those whose heartbeat is fresh. */
  alive(): Promise<string[]>;
  /** Marks those without a heartbeat as dead; returns their ids. */
  markDead(): Promise<string[]>;
  /** Forgets dead instances that own nothing any more. */
  forget(ids: readonly string[]): Promise<void>;
}

export function createInstances(collection: Collection<InstanceDoc>, deadAfterMs: number): Instances {
  const limit = { $subtract: ['$$NOW', deadAfterMs] };
  const fresh = { deadAt: { $exists: false }, $expr: { $gte: ['$heartbeatAt', limit] } };
  return {
    async begin(id) {
      await collection.updateOne(
        { _id: id },
        { $currentDate: { startedAt: true, heartbeatAt: true } },
        { upsert: true },
      );
    },
    async renew(id) {
      const { matchedCount } = await collection.updateOne(
        { _id: id, deadAt: { $exists: false } },
        { $currentDate: { heartbeatAt: true } },
      );
      return matchedCount > 0;
    },
    async end(id) {
      await collection.deleteOne({ _id: id });
    },
    async alive() {
      const found = await collection.find(fresh, { projection: { _id: 1 } }).toArray();
      return found.map(({ _id }) => _id);
    },
    async markDead() {
      const silent = { deadAt: { $exists: false }, $expr: { $lt: ['$heartbeatAt', limit] } };
      await collection.updateMany(silent, { $currentDate: { deadAt: true } });
      const dead = await collection.find({ deadAt: { $exists: true } }, { projection: { _id: 1 } }).toArray();
      return dead.map(({ _id }) => _id);
    },
    async forget(ids) {
      await collection.deleteMany({ _id: { $in: [...ids] }, deadAt: { $exists: true } });
    },
  };
}
