import type { UserActor } from '../http/route.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { defineModel } from '../platform/mongo.ts';
import type { Collection, Db } from '../platform/mongo.ts';
import { OUTBOX_INDEXES } from '../platform/outbox.ts';
import type { Outbox, OutboxDoc } from '../platform/outbox.ts';

/** Members who need help connecting, kept until the operator's webhook took it. */
export const helpRequestModel = defineModel<OutboxDoc>('help_requests', [
  ...OUTBOX_INDEXES,
  { key: { createdAt: -1 }, name: 'newest' },
]);

type Asked = 'by hand' | 'by itself';

export interface HelpDeps {
  requests: Collection<OutboxDoc>;
  outbox: Outbox;
  clock: Clock;
  logger: Logger;
  webhookUrl: string | undefined;
  /** Number typed for pairing, else what the user service knows, else null. */
  phoneOf(memberId: string): Promise<string | null>;
}

const PER_HOUR = 3;
const HOUR_MS = 3_600_000;

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
    kind: 'by hand' satisfies Asked,
    createdAt: { $gt: since },
  });
  if (recent >= PER_HOUR) {
    throw new AppError('rate_limited', 'Help was asked for several times already. Please give us an hour.', {
      retryAfterSeconds: HOUR_MS / 1000,
    });
  }
  await request(actor, message, retryCount, 'by hand', deps);
}

/** By itself, once per cooldown (the caller counts). */
export const askForHelpAutomatically = (
  actor: UserActor,
  retryCount: number,
  deps: HelpDeps,
): Promise<void> => request(actor, undefined, retryCount, 'by itself', deps);

async function request(
  actor: UserActor,
  message: string | undefined,
  retryCount: number,
  kind: Asked,
  deps: HelpDeps,
): Promise<void> {
  const username = actor.name ?? actor.email;
  const words = message?.trim();
  await deps.outbox.add({
    _id: newId(),
    memberId: actor.userId,
    kind,
    body: {
      phone_number: (await deps.phoneOf(actor.userId)) ?? '',
      username,
      message: words ? words : `Connection help needed for ${username}. Retry count: ${retryCount}`,
    },
  });
  if (deps.webhookUrl === undefined) {
    deps.logger.warn('A member asks for help, and HELP_WEBHOOK_URL is not set.', { memberId: actor.userId });
  }
}

const AT_MOST = 100;

/** The latest first. */
export async function newestHelpRequests(db: Db) {
  const found = await db
    .collection<OutboxDoc>('help_requests')
    .find()
    .sort({ createdAt: -1 })
    .limit(AT_MOST)
    .toArray();
  return found.map(({ _id, memberId, kind, body, createdAt, deliveredAt }) => ({
    ...{ _id, memberId, kind, createdAt, deliveredAt },
    ...body,
  }));
}
