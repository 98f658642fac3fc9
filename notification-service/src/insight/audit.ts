import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { Collection, Db, Filter } from '../platform/mongo.ts';
import { defineModel } from '../platform/mongo.ts';

/** Who changed what, and when. Written once, never changed. */
export interface AuditDoc {
  _id: string;
  /** An admin's user id, or the name of a service. */
  actor: string;
  /** What was done, such as `sending.stop`. */
  action: string;
  /** To what: an id, or a name. */
  target: string;
  before: unknown;
  after: unknown;
  at: Date;
}

export interface AuditEntry {
  actor: string;
  action: string;
  target: string;
  before?: unknown;
  after?: unknown;
}

export const auditModel = defineModel<AuditDoc>('audit', [
  { key: { at: -1, _id: -1 }, name: 'newest' },
  { key: { actor: 1, at: -1 }, name: 'by_actor' },
  { key: { target: 1, at: -1 }, name: 'by_target' },
]);

/** Rejects when it could not be written: what an admin did is not done silently. */
export async function recordAudit(entry: AuditEntry, { db, clock }: { db: Db; clock: Clock }): Promise<void> {
  const { actor, action, target, before = null, after = null } = entry;
  const doc: AuditDoc = { _id: newId(), actor, action, target, before, after, at: clock.now() };
  await db.collection<AuditDoc>('audit').insertOne(doc);
}

export interface AuditQuery {
  page: number;
  limit: number;
  actor?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
}

/** The latest first. */
export async function readAudit(
  { page, limit, actor, action, target }: AuditQuery,
  audit: Collection<AuditDoc>,
): Promise<{ entries: AuditDoc[]; total: number }> {
  const filter: Filter<AuditDoc> = {
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(target === undefined ? {} : { target }),
  };
  const [entries, total] = await Promise.all([
    audit
      .find(filter)
      .sort({ at: -1, _id: -1 })
      .skip((page - 1) * limit)
      .limit(limit)
      .toArray(),
    audit.countDocuments(filter),
  ]);
  return { entries, total };
}
