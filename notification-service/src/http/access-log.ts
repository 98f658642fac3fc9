import type { RequestHandler } from 'express';
import { monotonicNowMs } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';

/** One line and one measurement a request, by the route's pattern: addresses may hold what must not be logged. */
export function accessLog(logger: Logger, metrics: Metrics): RequestHandler {
  const took = metrics.histogram(
    'relance_http_request_seconds',
    'How long requests took, by route and status.',
  );
  return (req, res, next) => {
    const startedMs = monotonicNowMs();
    res.once('close', () => {
      const ms = monotonicNowMs() - startedMs;
      const known: unknown = res.locals['route'];
      const route = typeof known === 'string' ? known : 'other';
      const status = res.writableFinished || res.headersSent ? res.statusCode : 499;
      took(ms / 1000, { method: req.method, route, status });
      const line = {
        method: req.method,
        route,
        status,
        ms: Math.round(ms),
        actorId: res.locals['actor'] as unknown,
      };
      if (req.method === 'GET' && status < 400) logger.debug('Request.', line);
      else logger.info('Request.', line);
    });
    next();
  };
}
