import type { Route } from '../http/route.ts';
import { eventRoutes } from './events-routes.ts';
import type { EventRouteDeps } from './events-routes.ts';
import { settingsRoutes } from './settings-routes.ts';
import type { SettingsRouteDeps } from './settings-routes.ts';

export type MemberRoutesDeps = SettingsRouteDeps & EventRouteDeps;

/** The routes that show a member together with their channel: status, settings, live events. */
export const createMemberRoutes = (deps: MemberRoutesDeps): Route[] => [
  ...settingsRoutes(deps),
  ...eventRoutes(deps),
];
