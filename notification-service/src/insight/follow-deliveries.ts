import type { ReceiptDoc } from '../delivery/index.ts';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import type { Collection, Db } from '../platform/mongo.ts';
import { SENT_ACK } from './delivery-model.ts';
import type { DeliveryDoc } from './delivery-model.ts';
import { ackUpdate, deliveriesOf, isCopied, rowUpdate } from './deliveries-of.ts';

export interface FollowDeps {
  db: Db;
  /** Told of what was new or has moved on, after it can be read; must not throw. Not called for what a rebuild finds. */
  changed: (delivery: DeliveryDoc) => void;
  /** WhatsApp has confirmed a row that stayed unknown: settles it where the truth is. Idempotent. */
  proved: (delivery: DeliveryDoc) => Promise<void>;
}

/** How far the follower has read, by the database's clock. */
interface CursorDoc {
  _id: 'deliveries';
  rowsAt: Date | null;
  receiptsAt: Date | null;
}

export interface FollowReport {
  /** Documents of the log that were written. */
  rows: number;
  receipts: number;
}

/**
 * Writes may become visible a little out of the order of their times: the last moments are read again, and what is
 * copied already is left alone.
 */
const OVERLAP_MS = 15_000;
const BATCH = 200;
const BEGINNING = new Date(0);

/**
 * Brings the log up to the rows inside the enrollments and to the receipts that have come since. Idempotent; several at
 * once do no harm.
 */
export async function followDeliveries(deps: FollowDeps): Promise<FollowReport> {
  const cursors = deps.db.collection<CursorDoc>('platform');
  const cursor = await cursors.findOne({ _id: 'deliveries' });
  const tell = cursor ? deps.changed : () => undefined;
  const rows = await followRows(before(cursor?.rowsAt), { ...deps, changed: tell });
  const receipts = await followReceipts(before(cursor?.receiptsAt), { ...deps, changed: tell });
  const reached = { rowsAt: rows.last ?? BEGINNING, receiptsAt: receipts.last ?? BEGINNING };
  // `$max`: another follower may be further.
  await cursors.updateOne({ _id: 'deliveries' }, { $max: reached }, { upsert: true });
  return { rows: rows.written, receipts: receipts.written };
}

/** Reads everything again from the beginning; what is right already is left alone. */
export async function rebuildDeliveries(deps: FollowDeps): Promise<FollowReport> {
  await deps.db.collection<CursorDoc>('platform').deleteOne({ _id: 'deliveries' });
  return followDeliveries(deps);
}

const before = (at: Date | null | undefined): Date =>
  at ? new Date(Math.max(0, at.getTime() - OVERLAP_MS)) : BEGINNING;

interface Followed {
  written: number;
  last: Date | null;
}

async function followRows(since: Date, deps: FollowDeps): Promise<Followed> {
  const found = deps.db
    .collection<EnrollmentDoc>('enrollments')
    .find({ rowsAt: { $gte: since, $type: 'date' } })
    .sort({ rowsAt: 1 });
  return inBatches(
    found,
    batch => copyRows(batch, deps),
    doc => doc.rowsAt,
  );
}

async function copyRows(enrollments: EnrollmentDoc[], { db, changed, proved }: FollowDeps): Promise<number> {
  const deliveries = db.collection<DeliveryDoc>('deliveries');
  const wanted = enrollments.flatMap(deliveriesOf);
  const [standing, receipts] = await Promise.all([
    byId(
      deliveries,
      wanted.map(({ _id }) => _id),
    ),
    byId(
      db.collection<ReceiptDoc>('receipts'),
      wanted.flatMap(({ receiptId }) => receiptId ?? []),
    ),
  ]);
  const fresh = wanted
    .map(doc => ({ doc, receipt: receipts.get(doc.receiptId ?? '') ?? null }))
    .filter(({ doc, receipt }) => !isCopied(doc, receipt, standing.get(doc._id)));
  if (fresh.length === 0) return 0;
  await settleProved(fresh, proved);
  await deliveries.bulkWrite(
    fresh.map(({ doc, receipt }) => ({
      updateOne: { filter: { _id: doc._id }, update: rowUpdate(doc, receipt), upsert: true },
    })),
    { ordered: false },
  );
  for (const { doc, receipt } of fresh) changed({ ...doc, ack: Math.max(doc.ack, receipt?.ack ?? 0) });
  return fresh.length;
}

async function followReceipts(since: Date, deps: FollowDeps): Promise<Followed> {
  const found = deps.db
    .collection<ReceiptDoc>('receipts')
    .find({ changedAt: { $gte: since } })
    .sort({ changedAt: 1 });
  return inBatches(
    found,
    batch => copyReceipts(batch, deps),
    doc => doc.changedAt ?? null,
  );
}

/** A receipt whose row has not come yet waits: the row asks for it. */
async function copyReceipts(receipts: ReceiptDoc[], { db, changed, proved }: FollowDeps): Promise<number> {
  const deliveries = db.collection<DeliveryDoc>('deliveries');
  const receiptOf = new Map(receipts.map(receipt => [receipt._id, receipt]));
  const standing = await deliveries.find({ receiptId: { $in: [...receiptOf.keys()] } }).toArray();
  const moved = standing.flatMap(doc => {
    const receipt = receiptOf.get(doc.receiptId ?? '');
    return receipt && receipt.ack > doc.ack ? [{ doc, receipt }] : [];
  });
  if (moved.length === 0) return 0;
  await settleProved(moved, proved);
  await deliveries.bulkWrite(
    moved.map(({ doc, receipt }) => ({
      updateOne: { filter: { _id: doc._id }, update: ackUpdate(receipt) },
    })),
    { ordered: false },
  );
  for (const { doc, receipt } of moved) changed({ ...doc, ack: receipt.ack });
  return moved.length;
}

/**
 * Before the log says how far they got: whichever of row and receipt came last is met here, and what was left by a crash
 * is met again.
 */
async function settleProved(
  met: readonly { doc: DeliveryDoc; receipt: ReceiptDoc | null }[],
  proved: FollowDeps['proved'],
): Promise<void> {
  for (const { doc, receipt } of met) {
    if (doc.outcome === 'unknown' && receipt !== null && receipt.ack >= SENT_ACK) await proved(doc);
  }
}

async function byId<T extends { _id: string }>(
  collection: Collection<T>,
  ids: readonly string[],
): Promise<Map<string, T>> {
  if (ids.length === 0) return new Map();
  const found = (await collection.find({ _id: { $in: ids } } as never).toArray()) as T[];
  return new Map(found.map(doc => [doc._id, doc]));
}

async function inBatches<T>(
  found: AsyncIterable<T>,
  copy: (batch: T[]) => Promise<number>,
  timeOf: (doc: T) => Date | null,
): Promise<Followed> {
  let batch: T[] = [];
  let written = 0;
  let last: Date | null = null;
  const flush = async () => {
    written += await copy(batch);
    last = timeOf(batch.at(-1) as T) ?? last;
    batch = [];
  };
  for await (const doc of found) {
    batch.push(doc);
    if (batch.length >= BATCH) await flush();
  }
  if (batch.length > 0) await flush();
  return { written, last };
}
