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
  const since = { $max: [identity.inUseSince ?? '$linkedAt', '$pace.warmupSince'] };
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
        state: warmup
          ? { $let: { vars: { since }, in: { $cond: [isWarming, 'warming', 'active'] } } }
          : 'active',
      },
    },
  ];
  return channels.findOneAndUpdate(owned, update, { returnDocument: 'after' });
}

export interface ClosedFact {
  reason: ClosedReason;
  meaning: ClosedMeaning;
  /** It is being opened again; else the channel has no owner any more (a turn that is under way keeps its own). */
  reopens: boolean;
  /** A stored login is or was there; without one this was an attempt to link. */
  hadLogin: boolean;
  /** A stored login was opened and did not become ready. */
  failedReopening: boolean;
}

/** Nobody's from now on, unless a turn is under way: its end, or recovery, needs the owner. */
export const GIVEN_UP_OWNER: Document = {
  $cond: [{ $eq: [{ $type: '$turn' }, 'missing'] }, null, '$owner.instance'],
};

/** A session ended. By owner and epoch; null when the channel is somebody else's by now. */
export function writeClosed(
  { channels, clock }: Pick<WriteDeps, 'channels' | 'clock'>,
  owned: Filter<ChannelDoc>,
  closed: ClosedFact,
): Promise<ChannelDoc | null> {
  const now = clock.now();
  const { reason, meaning, reopens, hadLogin, failedReopening } = closed;
  const set: Document = {
    state: stateAfter(closed),
    stateReason: reason,
    stateAt: now,
    sessionReadyAt: null,
    ...(meaning.loginLost ? { hasLogin: false } : {}),
    ...(hadLogin ? { lastConnectionFailure: { at: now, reason } } : {}),
    ...(reopens ? {} : { 'owner.instance': GIVEN_UP_OWNER }),
  };
  // At least 3 says that the login is lost; below, it is kept and no new scan is needed.
  if (meaning.loginLost) set['connectionFailureCount'] = { $max: ['$connectionFailureCount', 3] };
  else if (failedReopening) {
    set['connectionFailureCount'] = { $min: [{ $add: ['$connectionFailureCount', 1] }, 2] };
  }
  return channels.findOneAndUpdate(owned, [{ $set: set }], { returnDocument: 'after' });
}

function stateAfter({ reason, meaning, reopens, hadLogin }: ClosedFact): ChannelDoc['state'] {
  if (meaning.loginLost) return 'disconnected';
  if (reopens) return hadLogin ? 'connecting' : 'authenticating';
  return reason === 'link_timeout' || !hadLogin ? 'inactive' : 'error';
}
