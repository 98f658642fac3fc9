import { z } from 'zod';
import { asSettings, midnightOf, readAllStatuses, settingsShape } from '../channels/index.ts';
import type { StatusDeps } from '../channels/index.ts';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { idParams } from '../http/schemas.ts';
import { adminStats } from './admin-stats.ts';
import { readAudit } from './audit.ts';
import type { AuditDoc } from './audit.ts';
import {
  adminStatsShape,
  auditQuery,
  auditShape,
  logPageShape,
  logQuery,
  pageOf,
  targetQuery,
  targetShape,
  timelineShape,
} from './insight-schemas.ts';
import { presentLog } from './present-log.ts';
import { readLogs } from './read-logs.ts';
import { readTargets } from './read-targets.ts';
import { readTimeline } from './read-timeline.ts';
import type { CircumstanceDeps } from './read-circumstances.ts';
import { languageFrom } from './why-sentence.ts';

export interface AdminInsightDeps extends CircumstanceDeps {
  /** Where "today" of the whole platform begins. */
  platformZone: string;
  statuses: StatusDeps;
}

/** What admins see, over all members. */
export function adminInsightRoutes(deps: AdminInsightDeps): Route[] {
  const { db, clock } = deps;
  const common = { method: 'get', access: 'admin', tag: 'Admin' } as const;
  return [
    route({
      ...common,
      path: '/api/relance/admin/stats',
      summary: 'Numbers of the whole platform.',
      replies: { 200: adminStatsShape },
      handle: async () => ({
        data: await adminStats({ db, midnight: midnightOf(clock.now(), deps.platformZone) }),
      }),
    }),
    route({
      ...common,
      path: '/api/relance/admin/targets',
      summary: 'The targets of all members, the newest first.',
      query: targetQuery,
      replies: { 200: pageOf(targetShape) },
      handle: async ({ query, req }) => ({
        data: await readTargets({}, query, languageFrom(req.get('Accept-Language')), deps),
      }),
    }),
    route({
      ...common,
      path: '/api/relance/admin/targets/{id}/timeline',
      summary: 'Everything that happened to one target of any member, and why.',
      params: idParams,
      replies: { 200: timelineShape },
      errors: { 404: 'Target not found' },
      handle: async ({ params, req }) => ({
        data: await readTimeline(params.id, null, languageFrom(req.get('Accept-Language')), deps),
      }),
    }),
    route({
      ...common,
      path: '/api/relance/admin/logs',
      summary:
        'What was sent, left out or stayed unknown, the newest first. userId: the member or the person.',
      query: logQuery,
      replies: { 200: logPageShape },
      async handle({ query, req }) {
        const { docs, total } = await readLogs(query, db);
        const language = languageFrom(req.get('Accept-Language'));
        return { data: { logs: docs.map(doc => presentLog(doc, language)), ...pageFigures(query, total) } };
      },
    }),
    route({
      ...common,
      path: '/api/relance/admin/configs',
      summary: 'Every member’s settings and channel; never a secret.',
      replies: { 200: z.array(settingsShape) },
      handle: async () => ({ data: (await readAllStatuses(deps.statuses)).map(asSettings) }),
    }),
    route({
      ...common,
      path: '/api/relance/admin/audit',
      summary: 'Who changed what, the latest first.',
      query: auditQuery,
      replies: { 200: auditShape },
      async handle({ query }) {
        const { entries, total } = await readAudit(query, db.collection<AuditDoc>('audit'));
        return { data: { entries, ...pageFigures(query, total) } };
      },
    }),
  ];
}

const pageFigures = ({ page, limit }: { page: number; limit: number }, total: number) => ({
  page,
  limit,
  total,
  totalPages: Math.ceil(total / limit),
});
