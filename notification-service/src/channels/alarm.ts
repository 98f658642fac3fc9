import type { Document } from '../platform/mongo.ts';

/**
 * The writes that keep a channel's alarm and pauses, as filters and updates: whoever creates due work sets the alarm
 * by `$min`, and a pause changes it in the same write.
 */

/** Due work was created: the channel may have to act at `at`. Calendar time. */
export const wakeChannelUpdate = (at: Date): Document => ({ $min: { nextActionAt: at } });

export type PauseBy = 'member' | 'admin';

/** Pausing takes the alarm away: a paused channel is not in the pump's answer. */
export const pauseChannelUpdate = (by: PauseBy): Document => ({
  $set: { [`pauses.${by}`]: true },
  $unset: { nextActionAt: true },
});

/** Resuming sets the alarm: the next turn finds out what is due, and the pace keeps it from being a burst. */
export const resumeChannelUpdate = (by: PauseBy, now: Date): Document => ({
  $set: { [`pauses.${by}`]: false },
  $min: { nextActionAt: now },
});

export const NOT_PAUSED: Document = { 'pauses.member': false, 'pauses.admin': false };
