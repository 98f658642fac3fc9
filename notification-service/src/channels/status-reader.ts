import type { MemberDoc } from '../members/index.ts';
import { startOfDate, wallTimeAt } from '../platform/calendar-time.ts';
import type { Clock } from '../platform/clock.ts';
import { channelIdOf, idOf } from '../platform/ids.ts';
import type { Collection } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import { statusOf } from './status.ts';
import type { ChannelSeen, MemberSeen, Status } from './status.ts';

export interface StatusDeps {
  members: Collection<MemberDoc>;
  channels: Collection<ChannelDoc>;
  clock: Clock;
  /** The zone of members who have none of their own. */
  defaultZone: string;
  maxAttempts: number;
  /** How many messages of this member went out since then. */
  countSent(memberId: string, since: Date): Promise<number>;
}

/** A status, whose it is, and the midnight that its counter begins at. */
export interface OwnedStatus {
  userId: string;
  status: Status;
  midnight: Date;
}

/** What a change of settings answers with. */
export const asSettings = ({ userId, status, midnight }: OwnedStatus) => ({
  _id: idOf('settings', userId),
  userId,
  lastResetDate: midnight,
  ...status,
});

const CHANNEL_FIELDS = {
  state: 1,
  stateReason: 1,
  hasLogin: 1,
  phone: 1,
  health: 1,
  attempts: 1,
  connectionFailureCount: 1,
  lastConnectionFailure: 1,
  lastConnectionCheck: 1,
  lastQrScanDate: 1,
  'pace.sends.at': 1,
} as const;
type ChannelRead = ChannelSeen & { _id: string; pace: { sends: { at: Date }[] } };

/** Reads, and does nothing else: no session is asked, nothing is opened or written. Two finds by id. */
export async function readStatus(memberId: string, deps: StatusDeps): Promise<OwnedStatus> {
  const [member, channel] = await Promise.all([
    deps.members.findOne<MemberSeen>({ _id: memberId }, { projection: { exclusions: 0 } }),
    deps.channels.findOne<ChannelRead>({ _id: channelIdOf(memberId) }, { projection: CHANNEL_FIELDS }),
  ]);
  return ownedStatus(memberId, { member, channel }, deps);
}

async function ownedStatus(
  memberId: string,
  { member, channel }: { member: MemberSeen | null; channel: ChannelRead | null },
  deps: StatusDeps,
): Promise<OwnedStatus> {
  const now = deps.clock.now();
  const midnight = midnightOf(now, member?.zone ?? deps.defaultZone);
  const messagesSentToday = mayHaveSentSince(midnight, channel)
    ? await deps.countSent(memberId, midnight)
    : 0;
  const facts = { member, channel, messagesSentToday, now, maxAttempts: deps.maxAttempts };
  return { userId: memberId, status: statusOf(facts), midnight };
}

/** The last local midnight: what is counted "today" begins there, so no job has to reset anything. */
export const midnightOf = (now: Date, zone: string): Date => startOfDate(wallTimeAt(now, zone).date, zone);

/** The pace has a slot for whatever was sent, so most questions are answered without counting. */
const mayHaveSentSince = (since: Date, channel: ChannelRead | null): boolean =>
  channel?.pace.sends.some(({ at }) => at >= since) ?? false;

/** Every member's, for admins; the collections are read in two sweeps. */
export async function readAllStatuses(deps: StatusDeps): Promise<OwnedStatus[]> {
  const [members, channels] = await Promise.all([
    deps.members
      .find<MemberSeen>({}, { projection: { exclusions: 0 } })
      .sort({ createdAt: -1 })
      .toArray(),
    deps.channels
      .find<ChannelRead & { memberId: string }>({}, { projection: { ...CHANNEL_FIELDS, memberId: 1 } })
      .toArray(),
  ]);
  const memberById = new Map(members.map(member => [member._id, member]));
  const channelOf = new Map(channels.map(channel => [channel.memberId, channel]));
  const ids = new Set([...memberById.keys(), ...channelOf.keys()]);
  return Promise.all(
    [...ids].map(memberId =>
      ownedStatus(
        memberId,
        { member: memberById.get(memberId) ?? null, channel: channelOf.get(memberId) ?? null },
        deps,
      ),
    ),
  );
}
