import type { ObservedMessage } from '../channels/index.ts';
import type { EnrollmentDoc, Row, Step } from '../enrollments/index.ts';
import type { Db } from '../platform/mongo.ts';

interface Sender {
  step: Step;
  rows: Record<string, Row>;
}

/** A message of our own to somebody is at most this old when it is echoed. Calendar time. */
const ECHO_MS = 48 * 3_600_000;

/**
 * Whether a message from the member's number was sent by us. Transports report only what was written by hand; this
 * looks again, since taking an echo of ours for the member's hand would end the sequence. An echo may come before the
 * record: then the fence knows it, by id or (where WhatsApp chooses the id) by its text.
 */
export async function isOurOwn(
  message: ObservedMessage,
  who: { channelId: string; phoneHash: string | null; enrollments: EnrollmentDoc[] },
  db: Db,
): Promise<boolean> {
  if (who.enrollments.some(doc => sentBy(doc, message))) return true;
  if (await wasTried(message.messageId, who.channelId, db)) return true;
  if (who.phoneHash === null) return false;
  const outgoing = await db
    .collection<Sender & { channelId: string; phoneHash: string; createdAt: Date }>('outgoing')
    .find({
      channelId: who.channelId,
      phoneHash: who.phoneHash,
      createdAt: { $gt: new Date(message.at.getTime() - ECHO_MS) },
    })
    .limit(50)
    .toArray();
  return outgoing.some(doc => sentBy(doc, message));
}

/** Also what WhatsApp had refused, or seemed to: the step is back at `scheduled` and knows nothing of it any more. */
const wasTried = async (messageId: string, channelId: string, db: Db): Promise<boolean> =>
  (await db.collection('send_outcomes').findOne({ channelId, messageId }, { projection: { _id: 1 } })) !==
  null;

function sentBy({ step, rows }: Sender, { messageId, text }: ObservedMessage): boolean {
  const isRow = (row: Row) => (row.messageId === null ? row.text === text : row.messageId === messageId);
  if (Object.values(rows).some(row => row.outcome !== 'skipped' && isRow(row))) return true;
  if (step.fence === null) return false;
  return step.fence.messageId === null ? step.fence.text === text : step.fence.messageId === messageId;
}
