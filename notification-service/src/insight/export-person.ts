import { channelIdOf } from '../platform/ids.ts';
import { AppError } from '../platform/errors.ts';
import type { Db } from '../platform/mongo.ts';
import { holdingsOf, personIdsOf, tracesOf } from './person-data.ts';
import type { AnyDoc, Holding } from './person-data.ts';

/** What is kept about one user of the platform, as somebody who was referred and as a member. */
export interface PersonExport {
  userId: string;
  exportedAt: Date;
  asReferral: Record<string, AnyDoc[]>;
  asMember: Record<string, AnyDoc[]>;
}

interface ExportDeps {
  db: Db;
  clock: { now(): Date };
  hashPhone(phone: string): string;
}

/** How we host a channel says nothing about the person. */
const INTERNAL = { owner: 0, turn: 0, nextActionAt: 0, sessionSerial: 0 };

/** By collection, as stored; collections that hold nothing are left out. Throws `not_found` when there is none at all. */
export async function exportPerson(userId: string, deps: ExportDeps): Promise<PersonExport> {
  const traces = await tracesOf(userId, deps);
  const asReferral = await read(
    [...holdingsOf(traces), ['people', { _id: { $in: personIdsOf(traces) } }]],
    deps.db,
  );
  const asMember = await read(memberHoldings(userId), deps.db);
  if (Object.keys({ ...asReferral, ...asMember }).length === 0) {
    throw new AppError('not_found', 'Nothing is kept about this person.');
  }
  return { userId, exportedAt: deps.clock.now(), asReferral, asMember };
}

/** What is theirs; the people they referred are not. */
const memberHoldings = (memberId: string): Holding[] => [
  ['members', { _id: memberId }],
  ['channels', { _id: channelIdOf(memberId) }],
  ['campaigns', { memberId }],
  ['connection_history', { memberId }],
  ['help_requests', { memberId }],
];

async function read(holdings: readonly Holding[], db: Db): Promise<Record<string, AnyDoc[]>> {
  const found: Record<string, AnyDoc[]> = {};
  for (const [name, filter] of holdings) {
    const projection = name === 'channels' ? INTERNAL : {};
    const docs = await db.collection<AnyDoc>(name).find(filter, { projection }).toArray();
    if (docs.length > 0) found[name] = docs;
  }
  return found;
}
