import type { CampaignDoc } from '../campaigns/index.ts';
import type { ChannelDoc } from '../channels/index.ts';
import type { BrakesOf, PaceSettings, SendingSwitch } from '../delivery/index.ts';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import type { MemberDoc } from '../members/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Db } from '../platform/mongo.ts';
import type { ChannelHolding, Circumstances } from './why-now.ts';

export interface CircumstanceDeps {
  db: Db;
  clock: Clock;
  pace: PaceSettings;
  brakesOf: BrakesOf;
  /** The cap of members who have no settings of their own. */
  memberCapDefault: number;
  sendingSwitch(): Promise<SendingSwitch>;
}

const HOLDING = {
  state: 1,
  stateReason: 1,
  pauses: 1,
  pace: 1,
  health: 1,
  linkedAt: 1,
  inUseSince: 1,
} as const;

/** What holds back each of these enrollments at this moment, asked for all of them together: four reads. */
export async function readCircumstances(
  enrollments: readonly EnrollmentDoc[],
  deps: CircumstanceDeps,
): Promise<(doc: EnrollmentDoc) => Circumstances> {
  const running = enrollments.filter(({ status }) => status === 'active');
  const ids = (of: (doc: EnrollmentDoc) => string) => ({ _id: { $in: [...new Set(running.map(of))] } });
  const { db, pace, brakesOf } = deps;
  const [sending, channels, members, campaigns] = await Promise.all([
    deps.sendingSwitch(),
    db
      .collection<ChannelDoc>('channels')
      .find<ChannelHolding & { _id: string }>(
        ids(doc => doc.channelId),
        { projection: HOLDING },
      )
      .toArray(),
    db
      .collection<MemberDoc>('members')
      .find<Pick<MemberDoc, '_id' | 'maxMessagesPerDay'>>(
        ids(doc => doc.memberId),
        { projection: { maxMessagesPerDay: 1 } },
      )
      .toArray(),
    db
      .collection<CampaignDoc>('campaigns')
      .find<Pick<CampaignDoc, '_id' | 'status'>>(
        ids(doc => doc.campaignId),
        { projection: { status: 1 } },
      )
      .toArray(),
  ]);
  const now = deps.clock.now();
  return doc => ({
    now,
    sending,
    channel: channels.find(({ _id }) => _id === doc.channelId) ?? null,
    memberCap: members.find(({ _id }) => _id === doc.memberId)?.maxMessagesPerDay ?? deps.memberCapDefault,
    campaignStatus: campaigns.find(({ _id }) => _id === doc.campaignId)?.status ?? null,
    pace,
    brakesOf,
  });
}
