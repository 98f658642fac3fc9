import type { ChannelDoc } from '../channels/index.ts';
import type { Collection, Db } from '../platform/mongo.ts';
import { stepReconcile } from './reconcile-steps.ts';
import type { ReconcileDeps, ReconcileState, Verdict } from './reconcile-steps.ts';
import { stepRecovery } from './recovery-steps.ts';
import type { RecoveryDeps } from './recovery-steps.ts';
import { collectionOf } from './subject.ts';
import type { Subject } from './subject.ts';
import { stepSweep } from './sweep.ts';
import type { TurnDeps } from './turn.ts';

const BATCH = 200;

/**
 * The channels whose turn has run out, or whose owner is gone: each is taken over and its turn settled. So are those
 * that this instance took over before and that still wait for a session.
 */
export async function recoverTurns(
  deps: RecoveryDeps & {
    channels: Collection<ChannelDoc>;
    turnMaxMs: number;
    aliveInstances(): Promise<readonly string[]>;
  },
): Promise<number> {
  if (!deps.host.isActing()) return 0;
  const ranOut = { $lt: ['$turn.takenAt', { $subtract: ['$$NOW', deps.turnMaxMs] }] };
  const ownerGone = { $not: { $in: ['$owner.instance', [...(await deps.aliveInstances())]] } };
  const waits = {
    $and: [{ $eq: ['$owner.instance', deps.host.instanceId] }, { $eq: ['$turn.takenOver', true] }],
  };
  const found = await deps.channels
    .aggregate<Candidate>([
      { $match: { 'turn.token': { $exists: true } } },
      { $project: { ranOut, ownerGone, waits, owner: '$owner.instance' } },
      { $match: { $or: [{ ranOut: true }, { ownerGone: true }, { waits: true }] } },
      { $limit: BATCH },
    ])
    .toArray();
  // Asked again: an owner that was born after the first answer is not a dead one.
  const alive = await deps.aliveInstances();
  const candidates = found.filter(one => one.ranOut || one.waits || !alive.includes(one.owner ?? ''));
  // Side by side: each may wait for a session.
  await Promise.all(candidates.map(candidate => recoverTurn(candidate, deps)));
  return candidates.length;
}

interface Candidate {
  _id: string;
  owner: string | null;
  ranOut: boolean;
  ownerGone: boolean;
  waits: boolean;
}

async function recoverTurn(found: Candidate, deps: RecoveryDeps): Promise<void> {
  let state = await stepRecovery(
    { at: 'channel', channelId: found._id, ranOut: found.ranOut, ownerGone: found.ownerGone },
    deps,
  );
  while (state.at !== 'done') state = await stepRecovery(state, deps);
}

/** Every open unknown that this instance can say something about: of its own channels, and those that are over. */
export async function reconcileUnknowns(deps: ReconcileDeps & { db: Db }): Promise<void> {
  if (!deps.host.isActing()) return;
  const open = { 'step.fence.token': { $exists: true }, 'step.state': 'unknown' as const };
  for (const kind of ['enrollment', 'outgoing'] as const) {
    const found = await deps.db
      .collection<{ _id: string }>(collectionOf({ kind }))
      .find(open, { projection: { _id: 1 } })
      .hint('open')
      .limit(BATCH)
      .toArray();
    for (const { _id } of found) await reconcileOne({ kind, id: _id }, deps);
  }
}

export async function reconcileOne(
  ref: { kind: Subject['kind']; id: string },
  deps: ReconcileDeps,
): Promise<Extract<ReconcileState, { at: 'done' }>['result']> {
  let state = await stepReconcile({ at: 'subject', ref }, deps);
  while (state.at !== 'done') state = await stepReconcile(state, deps);
  return state.result;
}

/** An admin settles an open unknown by hand. */
export async function resolveUnknown(
  subject: Subject,
  as: 'sent' | 'skipped',
  deps: ReconcileDeps,
): Promise<boolean> {
  const fence = subject.doc.step.fence;
  if (subject.doc.step.state !== 'unknown' || !fence) return false;
  const verdict: Verdict = { kind: 'resolved', as };
  let state = await stepReconcile({ at: 'write', subject, fence, verdict }, deps);
  while (state.at !== 'done') state = await stepReconcile(state, deps);
  return state.result === 'settled';
}

/** Each minute, whatever the alarms say: channels with due work and no alarm that would come in time. */
export async function sweepChannels(deps: TurnDeps & { db: Db }): Promise<number> {
  const due = {
    status: 'active' as const,
    'step.state': 'scheduled' as const,
    'step.tryAt': { $lte: deps.clock.now() },
  };
  const channelIds = new Set<string>();
  for (const kind of ['enrollment', 'outgoing'] as const) {
    const groups = deps.db
      .collection(collectionOf({ kind }))
      .aggregate<{ _id: string }>([{ $match: due }, { $group: { _id: '$channelId' } }], { hint: 'due' });
    for await (const { _id } of groups) channelIds.add(_id);
  }
  let set = 0;
  for (const channelId of channelIds) {
    let state = await stepSweep({ at: 'channel', channelId }, deps);
    while (state.at !== 'done') state = await stepSweep(state, deps);
    if (state.result === 'set') set += 1;
  }
  return set;
}
