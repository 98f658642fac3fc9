import type { Document } from '../platform/mongo.ts';

/** Taking a channel from whoever hosts it is one compare-and-set on owner and epoch, and it raises the epoch. */
export interface OwnerSeen {
  channelId: string;
  instance: string | null;
  epoch: number;
}

/** A free channel without a turn (a channel with one is recovery's). */
export const claimFreeChannel = (seen: OwnerSeen, by: string): { filter: Document; update: Document } => ({
  filter: { _id: seen.channelId, 'owner.instance': seen.instance, 'owner.epoch': seen.epoch, turn: null },
  update: { $set: { owner: { instance: by, epoch: seen.epoch + 1 }, sessionReadyAt: null } },
});

/**
 * A channel whose turn ran out or whose owner is gone: recovery takes it over together with its turn, which begins to
 * run anew. Else every instance would take it from the one before while a session opens, and push that session out.
 */
export const claimForRecovery = (
  seen: OwnerSeen & { turnToken: string },
  by: string,
): { filter: Document; update: Document } => ({
  filter: {
    _id: seen.channelId,
    'owner.instance': seen.instance,
    'owner.epoch': seen.epoch,
    'turn.token': seen.turnToken,
  },
  update: {
    $set: { owner: { instance: by, epoch: seen.epoch + 1 }, 'turn.takenOver': true },
    $currentDate: { 'turn.takenAt': true },
  },
});
