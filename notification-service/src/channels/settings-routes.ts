import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route, UserActor } from '../http/route.ts';
import type { ConfigSettings, MemberDoc, PauseSettings } from '../members/index.ts';
import { configChange, pauseChange } from '../members/index.ts';
import type { ClientSession } from '../platform/mongo.ts';
import { changeSettings } from './change-settings.ts';
import type { ChangeSettingsDeps } from './change-settings.ts';
import { asSettings, readStatus } from './status-reader.ts';
import type { StatusDeps } from './status-reader.ts';
import { settingsShape, statusShape } from './status-schemas.ts';

export interface SettingsRouteDeps extends StatusDeps, ChangeSettingsDeps {
  /** Whether a filtered campaign of this member is under way: it holds the default one back unless both are allowed. */
  filteredCampaignRuns(memberId: string, session: ClientSession): Promise<boolean>;
}

const pauseBody = z
  .object({
    enabled: z.boolean().optional(),
    enrollmentPaused: z.boolean().optional(),
    sendingPaused: z.boolean().optional(),
  })
  .refine(body => Object.keys(body).length > 0, {
    error: 'At least one of enabled, enrollmentPaused and sendingPaused is required',
    when: ({ issues }) => issues.length === 0,
  });

const configBody = z.object({
  defaultCampaignPaused: z.boolean().optional(),
  allowSimultaneousCampaigns: z.boolean().optional(),
  maxMessagesPerDay: z.number().optional().meta({ description: '1–100; outside, nothing changes.' }),
  maxTargetsPerCampaign: z.number().optional().meta({ description: '10–1000; outside, nothing changes.' }),
});

export function settingsRoutes(deps: SettingsRouteDeps): Route[] {
  const changed = async (
    actor: UserActor,
    change: (session: ClientSession) => Promise<Partial<MemberDoc>>,
    message: string,
  ) => {
    await changeSettings(actor, change, deps);
    return { message, data: asSettings(await readStatus(actor.userId, deps)) };
  };
  const pause = (actor: UserActor, body: PauseSettings) =>
    changed(actor, () => Promise.resolve(pauseChange(body)), 'Settings updated successfully');
  const config = (actor: UserActor, body: ConfigSettings) =>
    changed(
      actor,
      async session => configChange(body, await runsIfAsked(actor.userId, body, session)),
      'Configuration updated successfully',
    );
  const runsIfAsked = (memberId: string, body: ConfigSettings, session: ClientSession) =>
    body.allowSimultaneousCampaigns === false
      ? deps.filteredCampaignRuns(memberId, session)
      : Promise.resolve(false);

  const common = { access: 'member', tag: 'Member' } as const;
  const pauseAt = (path: string, summary: string) =>
    route({
      ...{ ...common, method: 'put', path, summary, body: pauseBody, replies: { 200: settingsShape } },
      handle: ({ actor, body }) => pause(actor, body),
    });
  return [
    route({
      ...{ ...common, method: 'get', path: '/api/relance/status', replies: { 200: statusShape } },
      summary: 'The member’s channel and settings, the defaults when there are none. Reads only.',
      handle: async ({ actor }) => ({ data: (await readStatus(actor.userId, deps)).status }),
    }),
    pauseAt('/api/relance/pause', 'Pauses and resumes enrollment, sending, or both at once.'),
    pauseAt('/api/relance/settings', 'The same as PUT /pause.'),
    route({
      ...{ ...common, method: 'patch', path: '/api/relance/config', body: configBody },
      summary: 'Changes campaign settings and limits; a number out of its range changes nothing.',
      replies: { 200: settingsShape },
      handle: ({ actor, body }) => config(actor, body),
    }),
  ];
}
