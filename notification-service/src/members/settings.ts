import type { MemberDoc } from './member-model.ts';

/** What PUT /settings and PUT /pause change. */
export interface PauseSettings {
  enabled?: boolean | undefined;
  enrollmentPaused?: boolean | undefined;
  sendingPaused?: boolean | undefined;
}

/** What PATCH /config changes. */
export interface ConfigSettings {
  defaultCampaignPaused?: boolean | undefined;
  allowSimultaneousCampaigns?: boolean | undefined;
  maxMessagesPerDay?: number | undefined;
  maxTargetsPerCampaign?: number | undefined;
}

/** `enabled: false` is both pauses at once. */
export const isSendingPaused = (member: Pick<MemberDoc, 'enabled' | 'sendingPaused'>): boolean =>
  member.sendingPaused || !member.enabled;

export const isDefaultCampaignPaused = (
  member: Pick<MemberDoc, 'defaultCampaignPausedByMember' | 'defaultCampaignPausedByCampaign'>,
): boolean => member.defaultCampaignPausedByMember || member.defaultCampaignPausedByCampaign;

type Change = Partial<MemberDoc>;

/** Only what was said; the pauses keep their own values under `enabled`. Pure. */
export function pauseChange({ enabled, enrollmentPaused, sendingPaused }: PauseSettings): Change {
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(enrollmentPaused === undefined ? {} : { enrollmentPaused }),
    ...(sendingPaused === undefined ? {} : { sendingPaused }),
  };
}

/**
 * A number out of its range leaves the value as it is. Allowing campaigns side by side lifts the automatic pause of the
 * default campaign at once; forbidding it sets it again while a filtered campaign runs. Pure.
 */
export function configChange(asked: ConfigSettings, filteredCampaignRuns: boolean): Change {
  const { defaultCampaignPaused, allowSimultaneousCampaigns, maxMessagesPerDay, maxTargetsPerCampaign } =
    asked;
  return {
    ...(defaultCampaignPaused === undefined ? {} : { defaultCampaignPausedByMember: defaultCampaignPaused }),
    ...(allowSimultaneousCampaigns === undefined
      ? {}
      : {
          allowSimultaneousCampaigns,
          defaultCampaignPausedByCampaign: !allowSimultaneousCampaigns && filteredCampaignRuns,
        }),
    ...(isWithin(maxMessagesPerDay, 1, 100) ? { maxMessagesPerDay } : {}),
    ...(isWithin(maxTargetsPerCampaign, 10, 1_000) ? { maxTargetsPerCampaign } : {}),
  };
}

const isWithin = (value: number | undefined, min: number, max: number): value is number =>
  value !== undefined && Number.isInteger(value) && value >= min && value <= max;
