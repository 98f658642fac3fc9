import { wakeChannelUpdate } from '../channels/index.ts';
import type { ChannelDoc } from '../channels/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { DocStore } from '../platform/doc-store.ts';
import type { Db, Filter } from '../platform/mongo.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';
import type { ExitResult } from './exit-steps.ts';
import type { PassedOverDoc } from './passed-over-model.ts';
import { stopTarget } from './stop-target.ts';

/** What happens to all people of a campaign when it is resumed, cancelled or deleted. Each may be done again. */
export interface CampaignTargetDeps {
  db: Db;
  store: DocStore;
  clock: Clock;
  wakeChannel(channelId: string): void;
  /** Told of every sequence that was ended; must not throw. */
  ended(result: ExitResult): void;
}

const SIDE_BY_SIDE = 8;

const targetsOf = (db: Db) => db.collection<EnrollmentDoc>('enrollments');

/** As `manual`, each with its own conditional update: nothing of them is fenced after that. */
export async function endCampaignTargets(campaignId: string, deps: CampaignTargetDeps): Promise<void> {
  const running = targetsOf(deps.db)
    .find({ campaignId, status: 'active' })
    .project<{ _id: string }>({ _id: 1 });
  const stop = async ({ _id }: { _id: string }) =>
    deps.ended(await stopTarget({ enrollmentId: _id, memberId: null, at: deps.clock.now() }, deps));
  let batch: { _id: string }[] = [];
  for await (const one of running) {
    batch.push(one);
    if (batch.length < SIDE_BY_SIDE) continue;
    await Promise.all(batch.map(stop));
    batch = [];
  }
  await Promise.all(batch.map(stop));
}

/** Whoever was put off until the campaign goes on is tried with the day they stand at, at the channel's pace. */
export const releaseCampaignTargets = (campaignId: string, deps: CampaignTargetDeps): Promise<void> =>
  tryAgain({ campaignId, status: 'active', 'step.tryAt': null, held: null }, deps);

/** It has become known who is unpaid: nobody need wait for the next look. */
export const retryUnknownPayments = (campaignId: string, deps: TryAgainDeps): Promise<void> =>
  tryAgain(
    { campaignId, status: 'active', 'why.code': 'payment_unknown', unpaidSeenAt: { $ne: null }, held: null },
    deps,
  );

type TryAgainDeps = Pick<CampaignTargetDeps, 'db' | 'clock' | 'wakeChannel'>;

async function tryAgain(waiting: Filter<EnrollmentDoc>, deps: TryAgainDeps): Promise<void> {
  const now = deps.clock.now();
  const first = await targetsOf(deps.db).findOne(waiting, { projection: { channelId: 1 } });
  if (!first) return;
  const { modifiedCount } = await targetsOf(deps.db).updateMany({ ...waiting, 'step.state': 'scheduled' }, [
    { $set: { 'step.tryAt': { $max: ['$step.dueAt', now] } } },
  ]);
  if (modifiedCount === 0) return;
  await deps.db
    .collection<ChannelDoc>('channels')
    .updateOne({ _id: first.channelId }, wakeChannelUpdate(now));
  deps.wakeChannel(first.channelId);
}

export const hasRunningTargets = async (campaignId: string, db: Db): Promise<boolean> =>
  (await targetsOf(db).findOne({ campaignId, status: 'active' }, { projection: { _id: 1 } })) !== null;

/** Whatever may be on the wire stays until it is settled. True when nothing is left. */
export async function deleteCampaignTargets(campaignId: string, db: Db): Promise<boolean> {
  await targetsOf(db).deleteMany({ campaignId, status: 'ended', 'step.state': 'scheduled' });
  await db.collection<PassedOverDoc>('passed_over').deleteMany({ campaignId });
  return (await targetsOf(db).findOne({ campaignId }, { projection: { _id: 1 } })) === null;
}
