import type { ChannelDoc, ObservedMessage } from '../channels/index.ts';
import type { EnrollmentDoc, Exit, ExitResult } from '../enrollments/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { PhoneHasher } from '../platform/crypto.ts';
import type { Events } from '../platform/events.ts';
import type { Logger } from '../platform/logger.ts';
import { isDuplicateKey } from '../platform/mongo.ts';
import type { Db } from '../platform/mongo.ts';
import { act } from './act.ts';
import { classifyReply } from './classify-reply.ts';
import { findNoted, findWho } from './find-who.ts';
import type { Who } from './find-who.ts';
import type { InboundMessageDoc } from './inbound-message-model.ts';
import { isOurOwn } from './is-our-own.ts';

export interface InboundDeps {
  db: Db;
  clock: Clock;
  logger: Logger;
  events: Pick<Events, 'publish'>;
  hasher: PhoneHasher;
  /** Ends what runs and tells the member's pages of each ended target. */
  exit(exit: Exit): Promise<ExitResult>;
  hold(args: { enrollmentId: string; reason: string; at: Date }): Promise<boolean>;
  /** Creates the confirmation once: called again for the same phone hash, it must do nothing. */
  sendConfirmation(person: Recipient): Promise<unknown>;
  /** Once per key. */
  notify(news: {
    key: string;
    memberId: string;
    kind: 'replied' | 'needs_attention';
    data: unknown;
  }): Promise<void>;
  /** Something happened that the channel's health depends on; must not throw. */
  signal(channelId: string): void;
}

export interface Recipient {
  channelId: string;
  memberId: string;
  phone: string;
  phoneHash: string;
  /** Null where nothing is known of it. */
  language: string | null;
}

/**
 * What one incoming message, or one that the member wrote by hand, changes. Messages come at least once: the first
 * report is stored before anything is done, and a report of something not yet handled goes on from there.
 */
export async function onMessage(
  channelId: string,
  message: ObservedMessage,
  deps: InboundDeps,
): Promise<void> {
  if (!SAYS_SOMETHING.has(message.kind)) return;
  const channels = deps.db.collection<ChannelDoc>('channels');
  const channel = await channels.findOne({ _id: channelId }, { projection: { memberId: 1 } });
  if (!channel) return;
  const who = await findWho(message, deps);
  const found = message.fromMe
    ? await byHand(channel, message, who, deps)
    : await answer(channel, message, who, deps);
  if (!found) return;
  const noted = await note(found, deps);
  if (noted.handledAt !== null) return;
  await handle(noted, who, deps);
}

/**
 * Goes on with what was noted and then left by a process that died: transports may report a message only once.
 * Resolves with how many.
 */
export async function finishNoted(deps: InboundDeps): Promise<number> {
  const before = new Date(deps.clock.now().getTime() - LEFT_AFTER_MS);
  const left = await inboundOf(deps.db)
    .find({ handledAt: null, receivedAt: { $lt: before } })
    .sort({ receivedAt: 1 })
    .limit(100)
    .toArray();
  for (const noted of left) await handle(noted, await findNoted(noted, deps), deps);
  return left.length;
}

/** Calendar time; the process that noted it may still be at it, which is harmless but twice the work. */
const LEFT_AFTER_MS = 60_000;

async function handle(noted: InboundMessageDoc, who: Who, deps: InboundDeps): Promise<void> {
  await act(noted, who, deps);
  await inboundOf(deps.db).updateOne({ _id: noted._id }, { $set: { handledAt: deps.clock.now() } });
}

/** Reactions, edits, deletions and calls are no answer: they are made without thinking, or about something else. */
const SAYS_SOMETHING: ReadonlySet<ObservedMessage['kind']> = new Set([
  'text',
  'image',
  'video',
  'audio',
  'document',
  'other',
]);

const inboundOf = (db: Db) => db.collection<InboundMessageDoc>('inbound_messages');

type Line = Pick<ChannelDoc, '_id' | 'memberId'>;

/** The member has taken over: whatever runs with this person ends. Null when it was not by hand, or nothing runs. */
async function byHand(channel: Line, message: ObservedMessage, who: Who, deps: InboundDeps) {
  const running = runningOf(who, message, channel.memberId);
  if (!running || (await isOurOwn(message, { channelId: channel._id, ...who }, deps.db))) return null;
  return { ...noteOf(channel, message, who, deps), kind: 'by_hand' as const, enrollmentId: running._id };
}

/**
 * A stranger's words are none of our business and are not kept, save an opt-out. An answer counts for the member's own
 * sequence; what may be an opt-out counts for whoever's.
 */
async function answer(channel: Line, message: ObservedMessage, who: Who, deps: InboundDeps) {
  const kind = classifyReply(message.text);
  const isKnown = who.enrollments.length > 0;
  if (!isKnown && kind !== 'opt_out') return null;
  if (!isKnown && who.phoneHash === null) {
    deps.logger.warn('Somebody opted out whose number WhatsApp hides and to whom nothing was sent.', {
      channelId: channel._id,
      lid: message.lid,
    });
    return null;
  }
  const running = runningOf(who, message, kind === 'reply' ? channel.memberId : null);
  const text = isKnown ? message.text : null;
  const confirms = kind === 'opt_out' && (isKnown || (await isRemembered(who, deps.db)));
  return { ...noteOf(channel, message, who, deps), kind, enrollmentId: running?._id ?? null, text, confirms };
}

/** What was written before the sequence began is no answer to it: histories are synced late. */
const runningOf = (who: Who, message: ObservedMessage, memberId: string | null): EnrollmentDoc | undefined =>
  who.enrollments.find(
    doc =>
      doc.status === 'active' &&
      doc.enteredAt <= message.at &&
      (memberId === null || doc.memberId === memberId),
  );

const isRemembered = async ({ phoneHash }: Who, db: Db): Promise<boolean> =>
  (await db.collection<{ _id: string }>('people').findOne({ _id: `p:${phoneHash}` })) !== null;

const noteOf = (
  channel: Line,
  message: ObservedMessage,
  who: Who,
  { clock }: InboundDeps,
): InboundMessageDoc => ({
  _id: `${channel._id}:${message.messageId}`,
  channelId: channel._id,
  memberId: channel.memberId,
  messageId: message.messageId,
  kind: 'reply',
  phoneHash: who.phoneHash,
  enrollmentId: null,
  confirms: false,
  text: null,
  at: message.at,
  receivedAt: clock.now(),
  handledAt: null,
});

/** The first report decides. */
async function note(found: InboundMessageDoc, { db }: InboundDeps): Promise<InboundMessageDoc> {
  try {
    await inboundOf(db).insertOne(found);
    return found;
  } catch (error) {
    const first = isDuplicateKey(error) ? await inboundOf(db).findOne({ _id: found._id }) : null;
    if (first) return first;
    throw error;
  }
}
