import { changeStatus, tryChange } from './change-status.ts';
import type { Changed, Which } from './change-status.ts';
import { campaignsOf } from './campaign-deps.ts';
import type { CampaignDeps } from './campaign-deps.ts';
import type { CampaignDoc, Enrolling } from './campaign-model.ts';

/** A request waits so long for the enrollment, which goes on by itself then. Machine time. */
const START_WAIT_MS = 20_000;

/** Begins, and enrolls at once; answers when that is done, or when it has taken too long to wait for. */
export async function startCampaign(which: Which, deps: CampaignDeps): Promise<Changed> {
  const { before, after } = await changeStatus(which, { verb: 'start', ...starting(deps) }, deps);
  await within(deps.ports.enroll(which.campaignId), START_WAIT_MS);
  const enrolled = await campaignsOf(deps).findOne({ _id: which.campaignId });
  return { before, after: enrolled ?? after };
}

/** The same by itself: nobody waits for it, and another process may have been first. */
export async function startByItself(campaignId: string, deps: CampaignDeps): Promise<void> {
  const started = await tryChange({ campaignId, memberId: null }, starting(deps), deps);
  if (started) void deps.ports.enroll(campaignId);
}

const starting = ({ clock }: Pick<CampaignDeps, 'clock'>) => {
  const now = clock.now();
  return {
    from: ['draft', 'scheduled'],
    set: { status: 'active', startedAt: now, note: null, enrolling: newEnrolling(now) },
  } as const;
};

const newEnrolling = (at: Date): Enrolling => ({
  state: 'running',
  token: null,
  leaseUntil: new Date(0),
  tryAt: at,
  considered: 0,
  matching: 0,
  leftOut: {},
  reason: null,
});

/** Its sends stop at the next fence; people already in it wait. */
export const pauseCampaign = (which: Which, deps: CampaignDeps): Promise<Changed> =>
  changeStatus(which, { verb: 'pause', from: ['active'], set: { status: 'paused' } }, deps);

/** Goes on with the day each person stands at; the channel's pace keeps it from being a burst. */
export async function resumeCampaign(which: Which, deps: CampaignDeps): Promise<Changed> {
  const changed = await changeStatus(
    which,
    { verb: 'resume', from: ['paused'], set: { status: 'active' } },
    deps,
  );
  await deps.ports.releaseTargets(which.campaignId);
  void deps.ports.enroll(which.campaignId);
  return changed;
}

/** Ends for good, its people as `manual`; a campaign that waited for it waits no more. */
export async function cancelCampaign(
  which: Which,
  reason: string | null,
  deps: CampaignDeps,
): Promise<Changed> {
  const changed = await changeStatus(
    which,
    {
      verb: 'cancel',
      from: ['draft', 'scheduled', 'active', 'paused'],
      set: { status: 'cancelled', cancelReason: reason, endedAt: deps.clock.now(), clearing: true },
    },
    deps,
  );
  await clearCancelled(changed.after, deps);
  return changed;
}

/** Idempotent: taken up again until it is through. */
export async function clearCancelled(campaign: CampaignDoc, deps: CampaignDeps): Promise<void> {
  await releaseChildren(campaign, `“${campaign.name}”, which it waited for, was cancelled.`, deps);
  await deps.ports.endTargets(campaign._id);
  await campaignsOf(deps).updateOne(
    // A job that still works on it may enroll one more batch: it is looked again then.
    { _id: campaign._id, deletedAt: null, $expr: { $lt: ['$enrolling.leaseUntil', '$$NOW'] } },
    { $set: { clearing: false } },
  );
}

/** They wait for nobody any more: those with a date start then, the others when the member says so. */
export async function releaseChildren(
  parent: Pick<CampaignDoc, '_id'>,
  note: string,
  deps: CampaignDeps,
): Promise<void> {
  const children = await campaignsOf(deps)
    .find({ runAfterCampaignId: parent._id, status: 'scheduled' })
    .toArray();
  for (const child of children) {
    const set = {
      ...{ runAfterCampaignId: null, note, updatedAt: deps.clock.now() },
      status: child.scheduledStartDate ? ('scheduled' as const) : ('draft' as const),
    };
    const { modifiedCount } = await campaignsOf(deps).updateOne(
      { _id: child._id, runAfterCampaignId: parent._id, status: 'scheduled' },
      { $set: set },
    );
    if (modifiedCount > 0) deps.ports.tell({ ...child, ...set });
  }
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
