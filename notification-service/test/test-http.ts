import request from 'supertest';
import type { z } from 'zod';
import { signToken } from '../src/http/authenticate.ts';
import type { Route } from '../src/http/route.ts';
import { createHttp, type Http } from '../src/http/server.ts';
import type { Tickets } from '../src/http/tickets.ts';
import { type Config, parseConfig } from '../src/platform/config.ts';
import { createLogger } from '../src/platform/logger.ts';
import { createMetrics } from '../src/platform/metrics.ts';
import type { TestStores } from './test-stores.ts';

const JWT_SECRET = 'j'.repeat(32);

export function testConfig(stores: TestStores, environment: Record<string, string> = {}): Config {
  return parseConfig({
    JWT_SECRET,
    SERVICE_SECRET: 's'.repeat(32),
    WHATSAPP_SESSION_SECRET: 'w'.repeat(32),
    MONGODB_URI: stores.mongoUri,
    REDIS_URL: stores.redisUrl,
    REDIS_PREFIX: stores.keyPrefix,
    RATE_LIMIT_READS: '10000',
    RATE_LIMIT_WRITES: '10000',
    ...environment,
  });
}

/** The routes of a feature behind the real HTTP server; express is asked directly, no port is opened. */
export function serveRoutes(
  stores: TestStores,
  routes: readonly Route[],
  options: { tickets?: Tickets } = {},
): Http {
  return createHttp({
    config: testConfig(stores),
    routes,
    logger: createLogger({ level: 'error' }),
    redis: stores.redis,
    metrics: createMetrics(),
    ready: () => Promise.resolve({}),
    ...options,
  });
}

export const bearer = (userId: string, role = 'user'): string =>
  `Bearer ${signToken({ userId, email: `${userId}@example.org`, role }, JWT_SECRET)}`;

/** An answer with its envelope; `data` is looked into by matchers, or parsed by a shape. */
export interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  body: { success: boolean; message?: string; code?: string; data?: unknown };
}
export interface Asked extends PromiseLike<Answer> {
  expect(status: number): Asked;
}

/** `ask(http, 'm1').get('/status')`: a member's request, or an admin's with its role. Paths begin after `/api/relance`. */
export function ask(
  http: Pick<Http, 'app'>,
  userId: string,
  role = 'user',
  headers: Record<string, string> = {},
) {
  const agent = request(http.app);
  const send =
    (method: 'get' | 'post' | 'put' | 'patch' | 'delete') =>
    (path: string, body?: object): Asked => {
      const sent = agent[method](`/api/relance${path}`)
        .set('Authorization', bearer(userId, role))
        .set('Content-Type', 'application/json')
        .set(headers);
      // supertest's own types give `any`.
      return body === undefined ? sent : sent.send(body);
    };
  return {
    get: send('get'),
    post: send('post'),
    put: send('put'),
    patch: send('patch'),
    delete: send('delete'),
  };
}

/** What travelled as JSON, with its instants, checked by the declared shape. */
export function checked<T>(shape: z.ZodType<T>, { status, body }: Answer): T {
  if (status !== 200) throw new Error(`${status}: ${body.message ?? ''}`);
  return shape.parse(withDates(body.data));
}
function withDates(value: unknown): unknown {
  if (typeof value === 'string')
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) ? new Date(value) : value;
  if (Array.isArray(value)) return value.map(withDates);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withDates(inner)]));
}
