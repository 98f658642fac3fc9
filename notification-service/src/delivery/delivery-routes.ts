import { z } from 'zod';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import { idParams } from '../http/schemas.ts';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { AppError } from '../platform/errors.ts';
import type { Db } from '../platform/mongo.ts';
import { setSendingSwitch } from './emergency-stop.ts';
import type { SendingSwitch } from './emergency-stop.ts';
import { resolveUnknown } from './recover.ts';
import type { ReconcileDeps } from './reconcile-steps.ts';
import { settleRow } from './step-writes.ts';

export interface AuditEntry {
  actor: string;
  action: string;
  target: string;
  before?: unknown;
  after?: unknown;
}

export interface DeliveryRouteDeps {
  db: Db;
  reconcile: ReconcileDeps;
  recordAudit(entry: AuditEntry): Promise<void>;
  sendingSwitch(): Promise<SendingSwitch>;
  /** Wakes every pump: the switch was turned on again. */
  wakeAll(): void;
}

const switchShape = z.object({ on: z.boolean(), reason: z.string().nullable() });

export function deliveryRoutes({
  db,
  reconcile,
  sendingSwitch,
  recordAudit,
  wakeAll,
}: DeliveryRouteDeps): Route[] {
  const { clock } = reconcile;
  return [
    route({
      method: 'get',
      path: '/api/relance/sending',
      access: 'member',
      tag: 'Member',
      summary: 'Whether messages go out on this platform, and why not: the emergency stop.',
      replies: { 200: switchShape },
      async handle() {
        const { on, reason } = await sendingSwitch();
        return { data: { on, reason } };
      },
    }),
    route({
      method: 'post',
      path: '/api/relance/admin/sending/stop',
      access: 'admin',
      tag: 'Admin',
      summary: 'The emergency stop: nothing more is sent by anybody until sending is resumed.',
      body: z.object({ reason: z.string().trim().min(1).max(500) }),
      replies: { 200: switchShape },
      async handle({ actor, body }) {
        const before = await setSendingSwitch(db, clock, {
          on: false,
          reason: body.reason,
          by: actor.userId,
        });
        await recordAudit({
          actor: actor.userId,
          action: 'sending.stop',
          target: 'sending',
          before,
          after: body,
        });
        return { data: { on: false, reason: body.reason }, message: 'Sending is stopped' };
      },
    }),
    route({
      method: 'post',
      path: '/api/relance/admin/sending/resume',
      access: 'admin',
      tag: 'Admin',
      summary: 'Ends the emergency stop; the pace keeps it from being a burst.',
      replies: { 200: switchShape },
      async handle({ actor }) {
        const before = await setSendingSwitch(db, clock, { on: true, reason: null, by: actor.userId });
        await recordAudit({ actor: actor.userId, action: 'sending.resume', target: 'sending', before });
        wakeAll();
        return { data: { on: true, reason: null }, message: 'Sending is resumed' };
      },
    }),
    route({
      method: 'post',
      path: '/api/relance/admin/targets/{id}/resolve',
      access: 'admin',
      tag: 'Admin',
      summary: 'Settles by hand a message of which nobody knows whether it was sent.',
      params: idParams,
      body: z.object({ as: z.enum(['sent', 'skipped']) }),
      replies: { 200: z.object({ settled: z.number() }) },
      errors: { 404: 'Target not found', 409: 'Nothing is unknown about this target' },
      async handle({ actor, params, body }) {
        const settled = await resolveTarget(params.id, body.as, db, reconcile);
        await recordAudit({
          actor: actor.userId,
          action: 'target.resolve',
          target: params.id,
          after: { ...body, settled },
        });
        return { data: { settled }, message: 'Settled' };
      },
    }),
  ];
}

/** The open unknown and every row that stayed unknown. */
async function resolveTarget(
  id: string,
  as: 'sent' | 'skipped',
  db: Db,
  reconcile: ReconcileDeps,
): Promise<number> {
  const doc = await db.collection<EnrollmentDoc>('enrollments').findOne({ _id: id });
  if (!doc) throw new AppError('not_found', 'Target not found');
  let settled = (await resolveUnknown({ kind: 'enrollment', doc }, as, reconcile)) ? 1 : 0;
  for (const row of Object.values(doc.rows).filter(r => r.outcome === 'unknown')) {
    const write = settleRow(id, row, { outcome: as, reason: 'settled_by_admin', messageId: row.messageId });
    if (await reconcile.store.updateOne('enrollments', write.filter, write.update)) settled += 1;
  }
  if (settled === 0) throw new AppError('conflict', 'Nothing is unknown about this target');
  return settled;
}
