import type { UserActor } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import { wallNowMs } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { defineModel } from '../platform/mongo.ts';
import type { Collection } from '../platform/mongo.ts';

/** A member needs help connecting. Kept until the operator's webhook took it; without a URL it is shown to admins. */
export interface HelpRequestDoc {
  _id: string;
  memberId: string;
  /** As posted. */
  body: { phone_number: string; username: string; message: string };
  automatic: boolean;
  /** Calendar time. */
  createdAt: Date;
  deliveredAt: Date | null;
  tries: number;
  /** Machine time: retries of calls to other services are real. */
  nextTryAt: Date;
}

export const helpRequestModel = defineModel<HelpRequestDoc>('help_requests', [
  { key: { memberId: 1, createdAt: -1 } },
  { key: { nextTryAt: 1 }, partialFilterExpression: { deliveredAt: null } },
]);

export interface HelpDeps {
  requests: Collection<HelpRequestDoc>;
  clock: Clock;
  logger: Logger;
  webhookUrl: string | undefined;
  /** Number typed for pairing, else what the user service knows, else null. */
  phoneOf(memberId: string): Promise<string | null>;
}

const PER_HOUR = 3;
const HOUR_MS = 3_600_000;
const POST_TIMEOUT_MS = 10_000;
const MAX_TRIES = 12;
const LONGEST_WAIT_MS = HOUR_MS;

/** By hand: at most three an hour. */
export async function askForHelp(
  actor: UserActor,
  message: string | undefined,
  retryCount: number,
  deps: HelpDeps,
): Promise<void> {
  const since = new Date(deps.clock.now().getTime() - HOUR_MS);
  const recent = await deps.requests.countDocuments({
    memberId: actor.userId,
    automatic: false,
    createdAt: { $gt: since },
  });
  if (recent >= PER_HOUR) {
    throw new AppError('rate_limited', 'Help was asked for several times already. Please give us an hour.', {
      retryAfterSeconds: HOUR_MS / 1000,
    });
  }
  await request(actor, message, retryCount, false, deps);
}

/** By itself, once per cooldown (the caller counts). */
export const askForHelpAutomatically = (
  actor: UserActor,
  retryCount: number,
  deps: HelpDeps,
): Promise<void> => request(actor, undefined, retryCount, true, deps);

async function request(
  actor: UserActor,
  message: string | undefined,
  retryCount: number,
  automatic: boolean,
  deps: HelpDeps,
): Promise<void> {
  const username = actor.name ?? actor.email;
  const words = message?.trim();
  const doc: HelpRequestDoc = {
    _id: newId(),
    memberId: actor.userId,
    body: {
      phone_number: (await deps.phoneOf(actor.userId)) ?? '',
      username,
      message: words ? words : `Connection help needed for ${username}. Retry count: ${retryCount}`,
    },
    automatic,
    createdAt: deps.clock.now(),
    deliveredAt: null,
    tries: 0,
    nextTryAt: new Date(wallNowMs()),
  };
  await deps.requests.insertOne(doc);
  void deliver(doc, deps).catch((error: unknown) => {
    deps.logger.warn('A help request is kept and delivered later.', { memberId: doc.memberId, error });
  });
}

/** Tries again what the webhook has not taken yet. */
export async function deliverHelpRequests(deps: HelpDeps): Promise<void> {
  if (deps.webhookUrl === undefined) return;
  const due = { deliveredAt: null, tries: { $lt: MAX_TRIES }, nextTryAt: { $lte: new Date(wallNowMs()) } };
  for await (const doc of deps.requests.find(due).limit(50)) await deliver(doc, deps);
}

async function deliver(doc: HelpRequestDoc, deps: HelpDeps): Promise<void> {
  if (deps.webhookUrl === undefined) {
    deps.logger.warn('A member asks for help, and HELP_WEBHOOK_URL is not set.', { memberId: doc.memberId });
    return;
  }
  // The next try is set first: two processes at once post it once.
  const waitMs = Math.min(LONGEST_WAIT_MS, 5_000 * 2 ** doc.tries);
  const mine = await deps.requests.updateOne(
    { _id: doc._id, tries: doc.tries, deliveredAt: null },
    { $inc: { tries: 1 }, $set: { nextTryAt: new Date(wallNowMs() + waitMs) } },
  );
  if (mine.matchedCount === 0) return;
  try {
    const response = await fetch(deps.webhookUrl, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(doc.body),
      signal: AbortSignal.timeout(POST_TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
    await deps.requests.updateOne({ _id: doc._id }, { $set: { deliveredAt: deps.clock.now() } });
  } catch (error) {
    deps.logger.warn('A help request could not be delivered; it is tried again.', {
      memberId: doc.memberId,
      error,
    });
  }
}
