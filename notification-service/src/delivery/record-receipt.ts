import type { Receipt } from '../channels/index.ts';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import type { DocStore } from '../platform/doc-store.ts';
import type { Db, Document } from '../platform/mongo.ts';
import type { ReceiptDoc } from './receipt-model.ts';
import { reconcileOne } from './recover.ts';
import type { ReconcileDeps } from './reconcile-steps.ts';
import { settleRow } from './step-writes.ts';

export type ReceiptDeps = ReconcileDeps & {
  db: Db;
};

/** A row that stayed unknown, and the id by which WhatsApp has confirmed it since. */
export interface LateProof {
  enrollmentId: string;
  day: number;
  part: number;
  token: string | null;
  messageId: string | null;
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

/** An ack settles the open step that nobody knew of. Once it is a row that stayed unknown, the follower of the log does. */
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
}

/** A late ack settles a row that stayed unknown. Asked again, it does nothing. */
export async function settleLate(row: LateProof, { store }: { store: DocStore }): Promise<void> {
  const { enrollmentId, messageId } = row;
  const write = settleRow(enrollmentId, row, { outcome: 'sent', reason: 'late_receipt', messageId });
  await store.updateOne('enrollments', write.filter, write.update);
}
