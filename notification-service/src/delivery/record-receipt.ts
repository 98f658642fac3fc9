import type { Receipt } from '../channels/index.ts';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import type { Db, Document } from '../platform/mongo.ts';
import type { ReceiptDoc } from './receipt-model.ts';
import { reconcileOne } from './recover.ts';
import type { ReconcileDeps } from './reconcile-steps.ts';
import { settleRow } from './step-writes.ts';

export type ReceiptDeps = ReconcileDeps & {
  db: Db;
};

/** A row of the searchable log, as far as a receipt needs it: where an old row that stayed unknown is found. */
interface DeliveryRow {
  enrollmentId: string;
  day: number;
  part: number;
  token: string | null;
}

/** Late and repeated receipts are harmless: statuses only go up, and each instant is that of the first report. */
export async function recordReceipt(channelId: string, receipt: Receipt, deps: ReceiptDeps): Promise<void> {
  const _id = `${channelId}:${receipt.messageId}`;
  const base = { channelId, messageId: receipt.messageId };
  await deps.db
    .collection<ReceiptDoc>('receipts')
    .updateOne({ _id }, receiptUpdate(receipt, base), { upsert: true });
  if (receipt.ack >= 1) await settleBy(channelId, receipt.messageId, deps);
}

const REACHED = ['sentAt', 'deliveredAt', 'readAt', 'playedAt'] as const;

function receiptUpdate({ ack, at }: Receipt, base: Document): Document {
  const changed = { $currentDate: { changedAt: true } };
  if (ack < 0) return { $setOnInsert: { ...base, ack }, $min: { refusedAt: at }, ...changed };
  // A later status implies the earlier ones: WhatsApp may skip some.
  const reached = Object.fromEntries(REACHED.slice(0, ack).map(field => [field, at]));
  return { $setOnInsert: base, $max: { ack }, ...(ack > 0 ? { $min: reached } : {}), ...changed };
}

/** A late ack settles what nobody knew: the open step, or the row that stayed unknown. */
async function settleBy(channelId: string, messageId: string, deps: ReceiptDeps): Promise<void> {
  const open = {
    channelId,
    'step.state': 'unknown' as const,
    'step.fence.messageId': messageId,
    'step.fence.token': { $exists: true },
  };
  const enrollment = await deps.db
    .collection<EnrollmentDoc>('enrollments')
    .findOne(open, { projection: { _id: 1 } });
  if (enrollment) await reconcileOne({ kind: 'enrollment', id: enrollment._id }, deps);
  const row = await deps.db
    .collection<DeliveryRow & Document>('deliveries')
    .findOne({ channelId, messageId, outcome: 'unknown' });
  if (!row) return;
  const write = settleRow(row.enrollmentId, row, { outcome: 'sent', reason: 'late_receipt', messageId });
  await deps.store.updateOne('enrollments', write.filter, write.update);
}
