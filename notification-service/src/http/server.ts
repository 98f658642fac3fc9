import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import express, { type Express, type RequestHandler } from 'express';
import type { Config } from '../platform/config.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Redis } from '../platform/redis.ts';
import { accessLog } from './access-log.ts';
import { createAuthenticator } from './authenticate.ts';
import { mountDocs } from './docs-page.ts';
import { errorHandler, unknownAddress } from './error-handler.ts';
import { favicons } from './favicon.ts';
import { corsHeaders, requestId, securityHeaders } from './headers.ts';
import { healthRoutes, type ReadyChecks } from './health-routes.ts';
import { mountRoute } from './mount-route.ts';
import { describeApi, type OpenApiDocument } from './openapi.ts';
import { createRateLimits } from './rate-limit.ts';
import type { Route } from './route.ts';
import { createTickets, type Tickets } from './tickets.ts';
import { answerUnreadable } from './unreadable.ts';

/** A plain page, script or style sheet, served as it is under the strict content policy. */
export interface Page {
  path: string;
  contentType: string;
  body: string | Buffer;
  /** May be kept for good; by default it is asked for anew each time. */
  immutable?: boolean;
}

export interface HttpDeps {
  config: Pick<
    Config,
    | 'JWT_SECRET'
    | 'JWT_PUBLIC_KEY'
    | 'SERVICE_SECRET'
    | 'METRICS_TOKEN'
    | 'CORS_ORIGINS'
    | 'TRUST_PROXY'
    | 'PUBLIC_URL'
    | 'RATE_LIMIT_READS'
    | 'RATE_LIMIT_WRITES'
    | 'REDIS_PREFIX'
  >;
  routes: readonly Route[];
  pages?: readonly Page[];
  logger: Logger;
  redis: Redis;
  metrics: Metrics;
  /** Whether each part the service needs is there. */
  ready: () => Promise<ReadyChecks>;
  /** By default made here; handed in when a feature issues tickets. */
  tickets?: Tickets;
  /** A handler that has not answered after this long is given up with a 504 (default 90 s). */
  deadlineMs?: number;
}

export interface Http {
  readonly app: Express;
  readonly openApiDocument: OpenApiDocument;
  /** Every mounted route, health and metrics included. */
  readonly routes: readonly Route[];
  /** `port` 0: any free one. */
  listen(port: number, host?: string): Promise<{ url: string; port: number }>;
  /** Accepts nothing new, ends live streams, lets running requests end for `graceMs` (default 10 s), then cuts. */
  close(graceMs?: number): Promise<void>;
}

export function createHttp(deps: HttpDeps): Http {
  const { config, logger, redis, metrics } = deps;
  const prefix = config.REDIS_PREFIX;
  let closing = false;
  const routes = [...healthRoutes({ ready: deps.ready, isClosing: () => closing, metrics }), ...deps.routes];
  const open = new Set<ServerResponse>();
  const tools = {
    authenticator: createAuthenticator(config),
    limits: createRateLimits({ redis, prefix, settings: config }),
    tickets: deps.tickets ?? createTickets({ redis, prefix }),
    deadlineMs: deps.deadlineMs ?? 90_000,
  };

  const app = express();
  app.disable('x-powered-by').disable('etag').set('trust proxy', config.TRUST_PROXY);
  app.use(
    requestId,
    accessLog(logger, metrics),
    track(open, () => closing),
  );
  app.use(securityHeaders, corsHeaders(config.CORS_ORIGINS), notStored);
  for (const route of routes) mountRoute(app, route, tools);
  for (const page of [...favicons(), ...(deps.pages ?? [])]) app.get(page.path, servePage(page));
  const openApiDocument = describeApi(routes, config.PUBLIC_URL);
  mountDocs(app, openApiDocument);
  app.use(unknownAddress, errorHandler(logger));

  const server = createServer(app);
  server.keepAliveTimeout = 65_000;
  server.on('clientError', answerUnreadable);
  return {
    ...{ app, openApiDocument, routes },
    listen: (port, host = '0.0.0.0') => listen(server, port, host),
    close: (graceMs = 10_000) => {
      closing = true;
      return close(server, open, graceMs);
    },
  };
}

/** Answers are about one caller and this moment; what may be kept says so itself. */
const notStored: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store');
  next();
};

const track =
  (open: Set<ServerResponse>, isClosing: () => boolean): RequestHandler =>
  (_req, res, next) => {
    open.add(res);
    res.once('close', () => open.delete(res));
    if (isClosing()) res.set('Connection', 'close');
    next();
  };

/** Packed once: what people on slow lines wait for is mostly text. */
function servePage({ contentType, body, immutable = false }: Page): RequestHandler {
  const packed = gzipSync(body);
  return (req, res) => {
    res.set({
      'Content-Type': contentType,
      'Cache-Control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    res.vary('Accept-Encoding');
    if (req.acceptsEncodings('gzip') !== 'gzip') res.send(body);
    else res.set('Content-Encoding', 'gzip').send(packed);
  };
}

function listen(server: Server, port: number, host: string): Promise<{ url: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address() as AddressInfo;
      const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
      resolve({ port: address.port, url: `http://${name}:${address.port}` });
    });
  });
}

async function close(server: Server, open: ReadonlySet<ServerResponse>, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>(resolve => {
    server.close(() => resolve());
  });
  for (const res of open) if (isStream(res)) res.end();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  // A connection that becomes idle after `close` is only noticed by asking again.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  await closed;
  clearTimeout(cut);
  clearInterval(sweep);
}

const isStream = (res: ServerResponse): boolean =>
  String(res.getHeader('Content-Type') ?? '').startsWith('text/event-stream');
