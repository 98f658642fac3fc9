import { z } from 'zod';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { createOutside } from '../platform/resilience.ts';
import type { Outside } from '../platform/resilience.ts';
import { MalformedAnswer, readDataArray } from './read-data-array.ts';
import { readDetails, readReferral } from './referral-shape.ts';
import { BATCH_SIZE } from './referral-source.ts';
import type {
  DetailsAnswer,
  PersonDetails,
  Referral,
  ReferralsAnswer,
  ReferralSource,
} from './referral-source.ts';
import { createSpool } from './spool.ts';
import type { Spool } from './spool.ts';

export interface UserServiceOptions {
  /** Without a slash at its end. */
  url: string;
  /** The current service secret. */
  secret: string;
  logger: Logger;
  /** Answers may take 120 s. Machine time, for each try with its whole body. */
  timeoutMs?: number;
  /** Pause before the first retry. */
  firstDelayMs?: number;
  breaker?: { failures: number; restMs: number };
}

/** The platform's user service as the source of referrals. Its failures are values: unknown is not no. */
export function userService(options: UserServiceOptions): ReferralSource {
  const { logger } = options;
  const outside = createOutside({
    name: 'The user service',
    timeoutMs: options.timeoutMs ?? 150_000,
    retries: 2,
    ...(options.firstDelayMs === undefined ? {} : { firstDelayMs: options.firstDelayMs }),
    breaker: options.breaker ?? { failures: 10, restMs: 60_000 },
    mayPass: error => !(error instanceof RefusedCall),
    logger,
  });
  const call = callsTo(options, outside);
  const unknown = (what: string, error: unknown): string => {
    const reason = reasonOf(error);
    logger.warn('The user service gave no usable answer.', { call: what, reason });
    return reason;
  };

  const askPeople = async (memberId: string, what: string, query = ''): Promise<ReferralsAnswer> => {
    const path = `/users/internal/${encodeURIComponent(memberId)}/${what}${query}`;
    try {
      const { spool, unreadable } = await call(path, undefined, response => spoolPeople(response, memberId));
      return { complete: true, batches: referralsIn(spool, memberId), unreadable };
    } catch (error) {
      return { complete: false, reason: unknown(what, error) };
    }
  };

  return {
    async hasSubscription(memberId) {
      const path = `/users/internal/${encodeURIComponent(memberId)}/has-relance-subscription`;
      try {
        const answer = await call(path, undefined, response => response.json() as Promise<unknown>);
        return subscriptionAnswer.parse(answer).data.hasRelance ? 'yes' : 'no';
      } catch (error) {
        unknown('has-relance-subscription', error);
        return 'unknown';
      }
    },

    unpaidReferrals: (memberId, since) =>
      askPeople(memberId, 'unpaid-referrals', `?since=${encodeURIComponent(since.toISOString())}`),
    campaignReferrals: memberId => askPeople(memberId, 'referrals-for-campaign'),

    async details(userIds): Promise<DetailsAnswer> {
      const byId = new Map<string, PersonDetails>();
      try {
        for (let at = 0; at < userIds.length; at += BATCH_SIZE) {
          const body = { userIds: userIds.slice(at, at + BATCH_SIZE) };
          const found = await call('/users/internal/batch-details', body, readAllDetails);
          for (const details of found) byId.set(details.id, details);
        }
        return { known: true, byId };
      } catch (error) {
        return { known: false, reason: unknown('batch-details', error) };
      }
    },
  };
}

const subscriptionAnswer = z.object({
  success: z.literal(true),
  data: z.object({ hasRelance: z.boolean() }),
});

/** It answered and refused: asking again changes nothing. */
class RefusedCall extends Error {
  constructor(status: number) {
    super(`status ${status}`);
    this.name = 'RefusedCall';
  }
}

/** One call with its whole body; `read` runs within its time. */
function callsTo({ url, secret }: UserServiceOptions, outside: Outside) {
  return <R>(path: string, body: unknown, read: (response: Response) => Promise<R>): Promise<R> =>
    outside.call(async signal => {
      const response = await fetch(`${url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          Authorization: `Bearer ${secret}`,
          'X-Service-Name': 'notification-service',
          Accept: 'application/json',
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error', // the secret is for this address only
        signal,
      });
      if (response.ok) return read(response);
      await response.body?.cancel();
      const { status } = response;
      if (status >= 500 || status === 429 || status === 408) throw new Error(`status ${status}`);
      throw new RefusedCall(status);
    });
}

/** Resolves once the answer has proved complete. */
async function spoolPeople(
  response: Response,
  memberId: string,
): Promise<{ spool: Spool; unreadable: number }> {
  const spool = createSpool();
  let unreadable = 0;
  await readDataArray(bodyOf(response), json => {
    spool.add(json);
    if (readReferral(JSON.parse(json), memberId) === null) unreadable += 1;
  });
  return { spool, unreadable };
}

async function* referralsIn(spool: Spool, memberId: string): AsyncGenerator<Referral[]> {
  for await (const rows of spool.batches()) {
    yield rows.map(row => readReferral(row, memberId)).filter(found => found !== null);
  }
}

async function readAllDetails(response: Response): Promise<PersonDetails[]> {
  const found: PersonDetails[] = [];
  await readDataArray(bodyOf(response), json => {
    const details = readDetails(parsed(json));
    // Somebody who cannot be read must not look like somebody who is gone.
    if (details === null) throw new MalformedAnswer('An entry of the answer has no id.');
    found.push(details);
  });
  return found;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new MalformedAnswer('An entry of the answer is not JSON.');
  }
}

const bodyOf = (response: Response): AsyncIterable<Uint8Array> => {
  if (response.body === null) throw new MalformedAnswer('The answer is empty.');
  return response.body;
};

function reasonOf(error: unknown): string {
  if (error instanceof AppError) return error.code;
  if (error instanceof MalformedAnswer) return error.message;
  if (error instanceof z.ZodError) return 'The answer is not what was agreed.';
  return error instanceof Error ? error.message : 'unknown';
}
