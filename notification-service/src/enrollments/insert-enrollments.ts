import { MongoServerError } from '../platform/mongo.ts';
import type { Db } from '../platform/mongo.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';

/** What became of each: `known` is enrolled already, `running_elsewhere` is in another running sequence. */
export type Inserted = 'enrolled' | 'known' | 'running_elsewhere';

/**
 * Inserts what does not exist yet, in one unordered call. The unique indexes decide, so overlapping runs are harmless.
 * The result is in the order of `docs`.
 */
export async function insertEnrollments(docs: readonly EnrollmentDoc[], db: Db): Promise<Inserted[]> {
  const results = docs.map((): Inserted => 'enrolled');
  if (docs.length === 0) return results;
  try {
    await db.collection<EnrollmentDoc>('enrollments').insertMany([...docs], { ordered: false });
  } catch (error) {
    for (const { index, indexName } of duplicatesIn(error)) {
      results[index] = indexName === '_id_' ? 'known' : 'running_elsewhere';
    }
  }
  return results;
}

interface WriteError {
  index: number;
  code?: number;
  errmsg?: string;
}

/** Rethrows what is more than duplicates. */
function duplicatesIn(error: unknown): { index: number; indexName: string }[] {
  if (!(error instanceof MongoServerError) || !('writeErrors' in error)) throw error;
  const found = [error.writeErrors].flat() as WriteError[];
  if (found.length === 0 || found.some(one => one.code !== 11_000)) throw error;
  return found.map(({ index, errmsg = '' }) => ({
    index,
    indexName: /index: (\S+)/.exec(errmsg)?.[1] ?? '',
  }));
}
