import { z } from 'zod';
import { wallNowMs } from '../platform/clock.ts';
import type { Metrics } from '../platform/metrics.ts';
import { type Route, route, STREAMED } from './route.ts';

/** Each part the service needs, and whether it is there. */
export type ReadyChecks = Record<string, boolean>;

const SERVICE = 'notification-service';

/** For load balancers, orchestrators and Prometheus. */
export function healthRoutes(deps: {
  ready: () => Promise<ReadyChecks>;
  isClosing: () => boolean;
  metrics: Metrics;
}): Route[] {
  const common = { method: 'get', access: 'public', tag: 'Operation', limit: 'none' } as const;
  const alive = z.object({ status: z.string(), service: z.string(), timestamp: z.string() });
  const now = () => new Date(wallNowMs()).toISOString();
  return [
    route({
      ...common,
      path: '/health',
      summary: 'Whether the process answers.',
      replies: { 200: alive },
      handle: () => Promise.resolve({ bare: { status: 'ok', service: SERVICE, timestamp: now() } }),
    }),
    route({
      ...common,
      path: '/health/live',
      summary: 'Liveness: restart the process when this fails.',
      replies: { 200: alive },
      handle: () => Promise.resolve({ bare: { status: 'ok', service: SERVICE, timestamp: now() } }),
    }),
    route({
      ...common,
      path: '/health/ready',
      summary: 'Readiness: send traffic only while this succeeds.',
      replies: { 200: z.object({ status: z.string(), checks: z.record(z.string(), z.boolean()) }) },
      errors: { 503: 'A part is missing, or the service is stopping.' },
      handle: async () => {
        const checks = { ...(await deps.ready()), ...(deps.isClosing() ? { accepting: false } : {}) };
        const ready = Object.values(checks).every(Boolean);
        return { status: ready ? 200 : 503, bare: { status: ready ? 'ok' : 'not ready', checks } };
      },
    }),
    route({
      ...common,
      access: 'metrics',
      path: '/metrics',
      summary: 'Prometheus metrics, behind METRICS_TOKEN (absent while that is unset).',
      replies: { 200: null },
      handle: async ({ res }) => {
        const { contentType, text } = await deps.metrics.expose();
        res.set('Content-Type', contentType).send(text);
        return STREAMED;
      },
    }),
  ];
}
