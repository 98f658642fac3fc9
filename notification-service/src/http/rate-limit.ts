import type { Response } from 'express';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../platform/errors.ts';
import type { Redis } from '../platform/redis.ts';

export type LimitClass = 'read' | 'write' | 'connect';

/** How often one caller may ask. */
export interface RateLimits {
  /** Counts one request, sets the `RateLimit` headers, throws `rate_limited` when it is one too many. */
  consume(kind: LimitClass, caller: string, res: Response): Promise<void>;
}

/** Redis has this long to answer; then this process counts by itself. */
const REDIS_PATIENCE_MS = 500;

/**
 * Counts in Redis, over all processes. While Redis is away each process counts in its own memory: the limits protect
 * us, and a service that refuses everybody because its counter is gone would be the worse failure.
 */
export function createRateLimits(deps: {
  redis: Redis;
  prefix: string;
  settings: { RATE_LIMIT_READS: number; RATE_LIMIT_WRITES: number };
}): RateLimits {
  const { redis, prefix, settings } = deps;
  const limiterOf = (kind: LimitClass, points: number, durationSeconds: number) => {
    const options = { points, duration: durationSeconds, keyPrefix: `${prefix}:limit:${kind}` };
    return {
      ...{ points, durationSeconds },
      shared: new RateLimiterRedis({ ...options, storeClient: redis, rejectIfRedisNotReady: true }),
      own: new RateLimiterMemory(options),
    };
  };
  const limiters = {
    read: limiterOf('read', settings.RATE_LIMIT_READS, 60),
    write: limiterOf('write', settings.RATE_LIMIT_WRITES, 60),
    connect: limiterOf('connect', 10, 3_600),
  };
  return {
    async consume(kind, caller, res) {
      const limiter = limiters[kind];
      const result = await count(limiter.shared, limiter.own, caller);
      const resetSeconds = Math.max(1, Math.ceil(result.msBeforeNext / 1_000));
      const remaining = Math.max(0, result.remainingPoints);
      res.set({
        'RateLimit-Policy': `"${kind}";q=${limiter.points};w=${limiter.durationSeconds}`,
        RateLimit: `"${kind}";r=${remaining};t=${resetSeconds}`,
        'RateLimit-Limit': String(limiter.points),
        'RateLimit-Remaining': String(remaining),
        'RateLimit-Reset': String(resetSeconds),
      });
      if (result.consumedPoints <= limiter.points) return;
      throw new AppError(
        'rate_limited',
        `Too many requests. Please try again in ${waitingTime(resetSeconds)}.`,
        {
          retryAfterSeconds: resetSeconds,
        },
      );
    },
  };
}

async function count(
  shared: RateLimiterRedis,
  own: RateLimiterMemory,
  caller: string,
): Promise<RateLimiterRes> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Redis did not answer in time.')), REDIS_PATIENCE_MS);
  });
  try {
    return await refusalAsResult(Promise.race([shared.consume(caller), late]));
  } catch {
    return await refusalAsResult(own.consume(caller));
  } finally {
    clearTimeout(timer);
  }
}

/** The library rejects with its result when the points are used up. */
const refusalAsResult = (consumed: Promise<RateLimiterRes>): Promise<RateLimiterRes> =>
  consumed.catch((refusal: unknown) => {
    if (refusal instanceof RateLimiterRes) return refusal;
    throw refusal;
  });

function waitingTime(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? '1 second' : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
