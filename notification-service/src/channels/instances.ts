import type { Collection } from '../platform/mongo.ts';
import type { InstanceDoc } from './instance-model.ts';

/**
 * Who is alive, by the database's clock. Taking an instance for dead is a compare-and-set on its document, after which
 * its own renewals fail: it cannot come back under this id.
 */
export interface Instances {
  begin(id: string, free: number): Promise<void>;
  /** False: this instance was taken for dead, or its document is gone. */
  renew(id: string, free: number): Promise<boolean>;
  end(id: string): Promise<void>;
  /** Those that nobody may take for dead; whoever was silent for too long is marked first, so that it cannot return. */
  alive(): Promise<string[]>;
  /** One of them that had room at its last heartbeat. */
  withRoom(exceptId: string): Promise<string | null>;
  /** Those that were taken for dead and whose channels are not all taken yet. */
  dead(): Promise<string[]>;
  /** Forgets dead instances that own nothing any more. */
  forget(ids: readonly string[]): Promise<void>;
}

export function createInstances(collection: Collection<InstanceDoc>, deadAfterMs: number): Instances {
  const living = { deadAt: { $exists: false } };
  const silent = { ...living, $expr: { $lt: ['$heartbeatAt', { $subtract: ['$$NOW', deadAfterMs] }] } };
  const idsOf = async (filter: object): Promise<string[]> =>
    (await collection.find(filter, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id);

  return {
    async begin(id, free) {
      await collection.updateOne(
        { _id: id },
        { $set: { free }, $currentDate: { startedAt: true, heartbeatAt: true } },
        { upsert: true },
      );
    },
    async renew(id, free) {
      const { matchedCount } = await collection.updateOne(
        { _id: id, ...living },
        { $set: { free }, $currentDate: { heartbeatAt: true } },
      );
      return matchedCount > 0;
    },
    async end(id) {
      await collection.deleteOne({ _id: id });
    },
    async alive() {
      await collection.updateMany(silent, { $currentDate: { deadAt: true } });
      return idsOf(living);
    },
    async withRoom(exceptId) {
      const [first] = await idsOf({ ...living, _id: { $ne: exceptId }, free: { $gt: 0 } });
      return first ?? null;
    },
    dead: () => idsOf({ deadAt: { $exists: true } }),
    async forget(ids) {
      await collection.deleteMany({ _id: { $in: [...ids] }, deadAt: { $exists: true } });
    },
  };
}
