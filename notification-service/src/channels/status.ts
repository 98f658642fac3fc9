import type { MemberDoc } from '../members/index.ts';
import { isDefaultCampaignPaused, newMember } from '../members/index.ts';
import { shownAttempts } from './attempts.ts';
import type { ChannelDoc, ChannelHealth, ChannelState } from './channel-model.ts';

export type WhatsappStatus = 'connected' | 'disconnected' | 'expired';

/** What a page sees of a member and their channel. */
export interface Status {
  whatsappStatus: WhatsappStatus;
  enabled: boolean;
  enrollmentPaused: boolean;
  sendingPaused: boolean;
  messagesSentToday: number;
  lastConnectionCheck: Date | null;
  defaultCampaignPaused: boolean;
  allowSimultaneousCampaigns: boolean;
  maxMessagesPerDay: number;
  maxTargetsPerCampaign: number;
  lastQrScanDate: Date | null;
  connectionFailureCount: number;
  lastConnectionFailure: Date | null;
  lastConnectionFailureReason: string | null;
  state: ChannelState;
  stateReason: string | null;
  attempt: number;
  maxAttempts: number;
  cooldownUntil: Date | null;
  phoneNumber: string | null;
  consentAt: Date | null;
  health: { score: number; band: ChannelHealth['band']; reasons: { points: number; sentence: string }[] };
}

/** The fields of a channel that a status is made of. */
export type ChannelSeen = Pick<
  ChannelDoc,
  | 'state'
  | 'stateReason'
  | 'hasLogin'
  | 'phone'
  | 'health'
  | 'attempts'
  | 'connectionFailureCount'
  | 'lastConnectionFailure'
  | 'lastConnectionCheck'
  | 'lastQrScanDate'
>;
/** The exclusions are a long list that no status needs. */
export type MemberSeen = Omit<MemberDoc, 'exclusions'>;

export interface StatusFacts {
  member: MemberSeen | null;
  channel: ChannelSeen | null;
  messagesSentToday: number;
  now: Date;
  maxAttempts: number;
}

/** For everybody: who never did anything sees the defaults. Pure. */
export function statusOf({ member, channel, messagesSentToday, now, maxAttempts }: StatusFacts): Status {
  const settings = member ?? newMember({ _id: '', email: '', name: null, at: now });
  const failure = channel?.lastConnectionFailure ?? null;
  return {
    whatsappStatus: whatsappStatusOf(channel),
    enabled: settings.enabled,
    enrollmentPaused: settings.enrollmentPaused,
    sendingPaused: settings.sendingPaused,
    messagesSentToday,
    lastConnectionCheck: channel?.lastConnectionCheck ?? null,
    defaultCampaignPaused: isDefaultCampaignPaused(settings),
    allowSimultaneousCampaigns: settings.allowSimultaneousCampaigns,
    maxMessagesPerDay: settings.maxMessagesPerDay,
    maxTargetsPerCampaign: settings.maxTargetsPerCampaign,
    lastQrScanDate: channel?.lastQrScanDate ?? null,
    connectionFailureCount: shownFailures(channel),
    lastConnectionFailure: failure?.at ?? null,
    lastConnectionFailureReason: failure?.reason ?? null,
    state: channel?.state ?? 'inactive',
    stateReason: channel?.stateReason ?? null,
    ...shownAttempts(channel, now),
    maxAttempts,
    phoneNumber: channel?.phone ?? null,
    consentAt: settings.consentAt,
    health: shownHealth(channel?.health),
  };
}

/** WhatsApp took the login away, or refuses it. */
const LOGIN_REFUSED: readonly ChannelSeen['stateReason'][] = ['unlinked', 'banned'];

/** Connecting *again* is connected: a login is there. A first link shows `initializing` until it is done. Pure. */
export function whatsappStatusOf(channel: Pick<ChannelDoc, 'state' | 'stateReason'> | null): WhatsappStatus {
  switch (channel?.state) {
    case 'active':
    case 'warming':
    case 'connecting':
      return 'connected';
    case 'disconnected':
    case 'error':
      return LOGIN_REFUSED.includes(channel.stateReason) ? 'expired' : 'disconnected';
    default:
      return 'disconnected';
  }
}

/** Front ends read: 0 all is well, 1–2 no new scan is needed, from 3 on with `expired` a new scan is. */
function shownFailures(channel: ChannelSeen | null): number {
  if (!channel) return 0;
  if (whatsappStatusOf(channel) === 'expired') return Math.max(3, channel.connectionFailureCount);
  return channel.hasLogin ? channel.connectionFailureCount : 0;
}

const shownHealth = (health: ChannelHealth | undefined): Status['health'] => ({
  score: health?.score ?? 100,
  band: health?.band ?? 'healthy',
  reasons: (health?.reasons ?? []).map(({ points, sentence }) => ({ points, sentence })),
});
