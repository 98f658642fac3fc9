import { AppError } from '../platform/errors.ts';
import type { Filter } from '../platform/mongo.ts';
import { followAutomaticPause } from './automatic-pause.ts';
import { campaignsOf } from './campaign-deps.ts';
import type { CampaignDeps } from './campaign-deps.ts';
import type { CampaignDoc, CampaignStatus } from './campaign-model.ts';

/** Which campaign, and whose it must be: null is anybody's (admins, and the service itself). */
export interface Which {
  campaignId: string;
  memberId: string | null;
}

/** As it stands in the refusal: `Cannot pause campaign with status: draft`. */
type Verb = 'start' | 'pause' | 'resume' | 'cancel';

export interface Changed {
  before: CampaignDoc;
  after: CampaignDoc;
}

interface Change {
  from: readonly CampaignStatus[];
  set: Partial<CampaignDoc>;
}

/** Throws when the campaign is not there, or does not stand where this change begins. */
export async function changeStatus(
  which: Which,
  change: Change & { verb: Verb },
  deps: CampaignDeps,
): Promise<Changed> {
  const changed = await tryChange(which, change, deps);
  if (!changed) throw await whyNot(which, change.verb, deps);
  return changed;
}

/**
 * Moves a campaign on and, in the same transaction, what follows for the default one. Null when it is not there, or
 * does not stand where this change begins.
 */
export async function tryChange(
  which: Which,
  { from, set }: Change,
  deps: CampaignDeps,
): Promise<Changed | null> {
  const changes = { ...set, updatedAt: deps.clock.now() };
  const before = await deps.transaction(async session => {
    const moved = await campaignsOf(deps).findOneAndUpdate(
      { ...visible(which), status: { $in: [...from] } },
      { $set: changes },
      { session, returnDocument: 'before' },
    );
    if (moved) await followAutomaticPause(moved.memberId, { db: deps.db, session });
    return moved;
  });
  if (!before) return null;
  const after = { ...before, ...changes };
  deps.ports.tell(after);
  return { before, after };
}

const visible = ({ campaignId, memberId }: Which): Filter<CampaignDoc> => ({
  _id: campaignId,
  type: 'filtered',
  deletedAt: null,
  ...(memberId === null ? {} : { memberId }),
});

export const NOT_FOUND = 'Campaign not found';

export const findCampaign = (which: Which, deps: Pick<CampaignDeps, 'db'>): Promise<CampaignDoc | null> =>
  campaignsOf(deps).findOne(visible(which));

/** The contract's answer to an action on a campaign that does not exist is 400; on somebody else's it is 404. */
async function whyNot(which: Which, verb: Verb, deps: CampaignDeps): Promise<AppError> {
  const found = await findCampaign(which, deps);
  if (found) return new AppError('bad_request', `Cannot ${verb} campaign with status: ${found.status}`);
  const others = await findCampaign({ ...which, memberId: null }, deps);
  return new AppError(others ? 'not_found' : 'bad_request', NOT_FOUND);
}
