import type { ChannelDoc } from '../channels/index.ts';
import type { MemberDoc } from '../members/index.ts';
import { channelIdOf } from '../platform/ids.ts';
import type { Db } from '../platform/mongo.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';
import type { Closed } from './run-report.ts';

/** What a member's run finds. */
export interface Scene {
  member: MemberDoc;
  channel: ChannelDoc | null;
  /** Why nobody may be enrolled now. */
  closed: Closed | null;
  hasRunning: boolean;
}

export async function readScene(memberId: string, db: Db): Promise<Scene | null> {
  const [member, channel, running] = await Promise.all([
    db.collection<MemberDoc>('members').findOne({ _id: memberId }),
    db.collection<ChannelDoc>('channels').findOne({ _id: channelIdOf(memberId) }),
    db
      .collection<EnrollmentDoc>('enrollments')
      .findOne({ memberId, status: 'active' }, { projection: { _id: 1 } }),
  ]);
  if (member === null) return null;
  return { member, channel, closed: whyClosed(member, channel), hasRunning: running !== null };
}

/** What stops enrollment into the default campaign. Pure. */
function whyClosed(
  member: Pick<
    MemberDoc,
    'enabled' | 'enrollmentPaused' | 'defaultCampaignPausedByMember' | 'defaultCampaignPausedByCampaign'
  >,
  channel: Pick<ChannelDoc, 'hasLogin' | 'stateReason'> | null,
): Closed | null {
  if (!member.enabled) return 'disabled';
  if (member.enrollmentPaused) return 'enrollment_paused';
  if (member.defaultCampaignPausedByMember || member.defaultCampaignPausedByCampaign)
    return 'default_campaign_paused';
  // An outage of the line does not stop enrollment; no line, or one the member took away, does.
  if (!channel?.hasLogin || channel.stateReason === 'disconnected_by_member') return 'not_connected';
  return null;
}
