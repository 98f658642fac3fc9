import type { Random } from '../../platform/random.ts';

/**
 * How long to wait before the n-th try (from 1) to get a lost line back, in real milliseconds: doubling up to ten
 * seconds, and anywhere in the upper half of that, so that a thousand sessions do not come back in one moment.
 */
export function backoffMs(attempt: number, random: Random): number {
  const ceilingMs = Math.min(200 * 2 ** Math.min(attempt, 10), 10_000);
  return Math.round(ceilingMs / 2 + (random() * ceilingMs) / 2);
}
