import type { Db } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import type { ConnectionHistoryDoc } from './connection-history.ts';
import { countSignals } from './health-counts.ts';
import type { Answered, Receipted } from './health-counts.ts';
import type { SendOutcomeDoc } from './health-attempts.ts';
import type { HealthSignals } from './health.ts';
import type { ClosedReason } from './transport.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * All that the score of one channel is made of, at `now` (calendar). Every question is answered by an index, and none
 * looks further back than a week.
 */
export async function gatherSignals(
  channel: Pick<ChannelDoc, '_id' | 'stateReason'>,
  now: Date,
  db: Db,
): Promise<HealthSignals> {
  const channelId = channel._id;
  const weekAgo = new Date(now.getTime() - 7 * DAY);
  const [attempts, answers, unknowns, disconnects, unlinked] = await Promise.all([
    db
      .collection<SendOutcomeDoc>('send_outcomes')
      .find({ channelId, at: { $gt: weekAgo, $lte: now } })
      .toArray(),
    answersOf(channelId, weekAgo, db),
    openUnknowns(channelId, db),
    closings(channelId, CONNECTION_LOST, new Date(now.getTime() - DAY), db),
    closings(channelId, ['unlinked'], weekAgo, db),
  ]);
  const receipts = await receiptsOf(channelId, attempts, new Date(now.getTime() - 3 * DAY), db);
  const settled = await settledUnknowns(attempts, new Date(now.getTime() - DAY), db);
  return {
    ...countSignals({ attempts, answers, receipts, settled, now }),
    ...{ unknowns, disconnects, unlinked },
    banned: channel.stateReason === 'banned',
  };
}

/** The line broke. That nobody scanned, or that a member disconnected, is none. */
const CONNECTION_LOST: ClosedReason[] = ['crashed', 'hung', 'lost', 'replaced', 'blocked'];

const closings = (channelId: string, reasons: ClosedReason[], since: Date, db: Db): Promise<number> =>
  db
    .collection<ConnectionHistoryDoc>('connection_history')
    .countDocuments({ channelId, event: 'closed', at: { $gt: since }, reason: { $in: reasons } });

const answersOf = (channelId: string, since: Date, db: Db): Promise<Answered[]> =>
  db
    .collection<Answered & { channelId: string }>('inbound_messages')
    .find({ channelId, at: { $gt: since } }, { projection: { phoneHash: 1, kind: 1, at: 1 } })
    .toArray();

async function receiptsOf(
  channelId: string,
  attempts: readonly SendOutcomeDoc[],
  since: Date,
  db: Db,
): Promise<ReadonlyMap<string, number>> {
  const ids = attempts.flatMap(({ messageId, at }) =>
    messageId !== null && at > since ? [`${channelId}:${messageId}`] : [],
  );
  if (ids.length === 0) return new Map();
  const found = await db
    .collection<Receipted & { _id: string }>('receipts')
    .find({ _id: { $in: ids } }, { projection: { messageId: 1, ack: 1 } })
    .toArray();
  return new Map(found.map(({ messageId, ack }) => [messageId, ack]));
}

interface Settling {
  _id: string;
  rows: Record<string, { outcome: string }>;
}
const SUBJECTS = { enrollment: 'enrollments', outgoing: 'outgoing' } as const;

/** Sends that nobody knew of at first and that the chat's history has proved since, by the attempt's id. */
async function settledUnknowns(
  attempts: readonly SendOutcomeDoc[],
  since: Date,
  db: Db,
): Promise<ReadonlySet<string>> {
  const open = attempts.filter(({ outcome, at }) => outcome === 'unknown' && at > since);
  const rows = new Map<string, Settling['rows']>();
  for (const kind of ['enrollment', 'outgoing'] as const) {
    const ids = open.filter(({ subject }) => subject.kind === kind).map(({ subject }) => subject.id);
    if (ids.length === 0) continue;
    const found = db
      .collection<Settling>(SUBJECTS[kind])
      .find({ _id: { $in: ids } }, { projection: { rows: 1 } });
    for await (const doc of found) rows.set(doc._id, doc.rows);
  }
  const isSettled = ({ subject, day, part }: SendOutcomeDoc): boolean =>
    rows.get(subject.id)?.[`d${day}p${part}`]?.outcome === 'sent';
  return new Set(open.filter(isSettled).map(({ _id }) => _id));
}

/** More than the score counts need not be counted. */
const MANY_UNKNOWNS = 20;

async function openUnknowns(channelId: string, db: Db): Promise<number> {
  const open = { channelId, 'step.state': 'unknown', 'step.fence.token': { $exists: true } };
  const counts = await Promise.all(
    Object.values(SUBJECTS).map(name => db.collection(name).countDocuments(open, { limit: MANY_UNKNOWNS })),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
