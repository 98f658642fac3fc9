import { newToken } from './random.ts';
import type { Redis } from './redis.ts';

export type SlotOutcome<R> = { ran: true; value: R } | { ran: false };

const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/**
 * Runs `work` unless another process has taken the slot `name` (such as `enroll:2025-01-01T10:00`) within `ttlMs`. The
 * slot stays taken when `work` is done; when it fails, it is free again. It only saves work and proves nothing: while
 * Redis is away, everybody runs.
 */
export async function withSlotLock<R>(
  redis: Redis,
  name: string,
  ttlMs: number,
  work: () => Promise<R>,
): Promise<SlotOutcome<R>> {
  const token = newToken();
  const answer = await redis
    .set(name, token, 'PX', Math.max(1, Math.ceil(ttlMs)), 'NX')
    .catch(() => 'OK' as const);
  if (answer === null) return { ran: false };
  try {
    return { ran: true, value: await work() };
  } catch (error) {
    // If the slot cannot be freed, it runs out by itself.
    await redis.eval(RELEASE, 1, name, token).catch(() => undefined);
    throw error;
  }
}
