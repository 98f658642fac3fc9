import type { Document } from '../platform/mongo.ts';
import type { PaceView } from './pace.ts';
import type { Seen, TurnDeps } from './turn.ts';

/** Where the due subjects of a channel are looked for, best first: confirmations, follow-ups, first contacts, tests. */
export const PICK_ORDER = [
  { kind: 'outgoing', rank: 0 },
  { kind: 'enrollment', rank: 1 },
  { kind: 'enrollment', rank: 2 },
  { kind: 'outgoing', rank: 3 },
] as const;
export const FIRST_CONTACT_RANK = 2;

/** The question to one rank, for the longest due; null asks for the earliest whenever. Served by the `pick` index. */
export const dueFilter = (channelId: string, rank: number, dueBy: Date | null): Document => ({
  channelId,
  status: 'active',
  'step.state': 'scheduled',
  'step.rank': rank,
  'step.tryAt': dueBy === null ? { $type: 'date' } : { $lte: dueBy },
});

export const paceView = (seen: Pick<Seen, 'channel' | 'member'>, deps: TurnDeps, now: Date): PaceView => ({
  channel: seen.channel,
  memberCap: seen.member?.maxMessagesPerDay ?? deps.settings.memberCapDefault,
  now,
  settings: deps.settings.pace,
  brakes: deps.brakesOf(seen.channel.health),
});
