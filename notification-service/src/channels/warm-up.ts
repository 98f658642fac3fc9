import type { ChannelDoc } from './channel-model.ts';

/** Warming up a number: one level a calendar day, and each level allows more first contacts a day. Pure. */

const DAY_MS = 24 * 60 * 60_000;
/** First contacts per day: 5, 10, 20, 40, 60, then 20 more a level. */
const ALLOWANCES = [5, 10, 20, 40, 60] as const;

export const warmupAllowance = (level: number): number =>
  ALLOWANCES[Math.max(0, level)] ?? 60 + 20 * (level - ALLOWANCES.length + 1);

type Warmed = Pick<ChannelDoc, 'linkedAt' | 'inUseSince'> & { pace: Pick<ChannelDoc['pace'], 'warmupSince'> };

/** By the number's age, or from where it was set back to; a number linked later begins anew. Below 0 after a setback. */
export function warmupLevel({ pace, linkedAt, inUseSince }: Warmed, now: Date): number {
  const sinceMs = (inUseSince ?? linkedAt ?? now).getTime();
  const laterMs = Math.max(sinceMs, pace.warmupSince?.getTime() ?? sinceMs);
  return Math.floor((now.getTime() - laterMs) / DAY_MS);
}

/**
 * `pace.warmupSince` after losing `levels`. They are counted down from the first level at which the channel's daily
 * `cap` bounds it and not the warm-up any more, so that an old number feels it too; from there it climbs by itself.
 */
export function setBack(
  channel: Warmed,
  { now, levels, cap }: { now: Date; levels: number; cap: number },
): Date {
  let top = 0;
  while (warmupAllowance(top) < cap) top += 1;
  const level = Math.min(warmupLevel(channel, now), top) - levels;
  return new Date(now.getTime() - level * DAY_MS);
}
