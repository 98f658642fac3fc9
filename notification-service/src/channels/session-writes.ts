import type { Clock } from '../platform/clock.ts';
import type { Collection, Document, Filter } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import type { ClosedMeaning } from './sentences.ts';
import type { ClosedReason, LinkedIdentity } from './transport.ts';

interface WriteDeps {
  channels: Collection<ChannelDoc>;
  clock: Clock;
  warmup: boolean;
}

/** A number is warming as long as the warm-up table bounds it more than the default cap does: five days. */
const WARMING_MS = 5 * 24 * 60 * 60_000;

/**
 * A session became ready. By owner and epoch; null when the channel is somebody else's by now. A session object counts
 * once: coming back after a lost connection (`again`) does not make it newer.
 */
export function writeReady(
  { channels, clock, warmup }: WriteDeps,
  owned: Filter<ChannelDoc>,
  found: { identity: LinkedIdentity; phoneHash: string; again: boolean },
): Promise<ChannelDoc | null> {
  const { identity, phoneHash, again } = found;
  const now = clock.now();
  const sameNumber = { $eq: ['$phoneHash', phoneHash] };
  const linkedAt = { $cond: [{ $and: [sameNumber, '$linkedAt'] }, '$linkedAt', now] };
  const since = identity.inUseSince ?? '$linkedAt';
  const isWarming = { $gt: ['$$since', new Date(now.getTime() - WARMING_MS)] };
  const update: Document[] = [
    {
      $set: {
        stateAt: now,
        stateReason: null,
        hasLogin: true,
        phone: { $literal: identity.phone },
        phoneHash: { $literal: phoneHash },
        lid: { $literal: identity.lid },
        linkedAt,
        inUseSince: identity.inUseSince,
        sessionReadyAt: now,
        lastConnectionCheck: now,
        lastQrScanDate: { $cond: ['$hasLogin', '$lastQrScanDate', now] },
        connectionFailureCount: 0,
        'attempts.count': 0,
        'attempts.startedAt': null,
        'attempts.endsAt': null,
        'attempts.cooldownUntil': null,
        'attempts.helpSentForCooldown': false,
        sessionSerial: again ? '$sessionSerial' : { $add: ['$sessionSerial', 1] },
        nextActionAt: { $min: [{ $ifNull: ['$nextActionAt', now] }, now] },
      },
    },
    {
      $set: {
        state: warmup ? { $let: { vars: { since }, in: { $cond: [isWarming, 'warming', 'active'] } } } : 'active',
      },
    },
  ];
  return channels.findOneAndUpdate(owned, update, { returnDocument: 'after' });
}

/** A session ended. By owner and epoch; null when the channel is somebody else's by now. */
export function writeClosed(
  { channels, clock }: WriteDeps,
  owned: Filter<ChannelDoc>,
  closed: { reason: ClosedReason; meaning: ClosedMeaning; tooMany: boolean },
): Promise<ChannelDoc | null> {
  const now = clock.now();
  const { reason, meaning, tooMany } = closed;
  const failed = meaning.loginLost || (reason !== 'link_timeout' && reason !== 'closed');
  return channels.findOneAndUpdate(
    owned,
    {
      $set: {
        state: stateAfter(reason, meaning, tooMany),
        stateReason: reason,
        stateAt: now,
        sessionReadyAt: null,
        ...(meaning.loginLost ? { hasLogin: false } : {}),
        ...(failed ? { lastConnectionFailure: { at: now, reason } } : {}),
      },
      // At least 3 says that the login is lost; below, it is kept and no new scan is needed.
      ...(meaning.loginLost ? { $max: { connectionFailureCount: 3 } } : {}),
    },
    { returnDocument: 'after' },
  );
}

function stateAfter(reason: ClosedReason, meaning: ClosedMeaning, tooMany: boolean): ChannelDoc['state'] {
  if (reason === 'link_timeout') return 'inactive';
  if (meaning.loginLost) return 'disconnected';
  if (meaning.reopens && !tooMany) return 'connecting';
  return 'error';
}
