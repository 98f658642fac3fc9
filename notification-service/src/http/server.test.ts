import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { AppError } from '../platform/errors.ts';
import { createLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { PassThrough } from 'node:stream';
import { signToken } from './authenticate.ts';
import { type Route, route } from './route.ts';
import { idParams } from './schemas.ts';
import { createHttp, type Http } from './server.ts';

const secret = 'a'.repeat(32);
const service = 's'.repeat(32);
const metricsToken = 'm'.repeat(16);
const id = 'a'.repeat(24);

interface Envelope {
  success: boolean;
  message: string;
  data: { actor?: unknown };
}
const envelope = (response: request.Response) => response.body as Envelope;

let stores: TestStores;
let http: Http;
const lines: string[] = [];
const token = (claims: Partial<{ userId: string; role: string }> = {}) =>
  `Bearer ${signToken({ userId: 'u1', email: 'u1@example.org', role: 'user', ...claims }, secret)}`;

const common = { tag: 'Test', summary: 'For the test.', replies: { 200: z.unknown() } };
const routes: Route[] = [
  route({
    ...common,
    method: 'get',
    path: '/me',
    access: 'member',
    handle: c => Promise.resolve({ data: { actor: c.actor } }),
  }),
  route({
    ...common,
    method: 'get',
    path: '/admin',
    access: 'admin',
    handle: () => Promise.resolve({ data: 1 }),
  }),
  route({
    ...common,
    method: 'post',
    path: '/things/{id}',
    access: 'member',
    params: idParams,
    body: z.object({ name: z.string().max(5), nested: z.object({ count: z.number() }).optional() }),
    handle: c => Promise.resolve({ status: 201, data: { ...c.params, ...c.body }, message: 'Made.' }),
  }),
  route({
    ...common,
    method: 'delete',
    path: '/things',
    access: 'member',
    body: z.object({ force: z.boolean().optional() }),
    handle: c => Promise.resolve({ data: c.body }),
  }),
  route({
    ...common,
    method: 'post',
    path: '/internal',
    access: 'service',
    body: z.object({ userId: z.string() }),
    handle: c => Promise.resolve({ data: { actor: c.actor } }),
  }),
  route({
    ...common,
    method: 'get',
    path: '/fails',
    access: 'member',
    handle: () => Promise.reject(new Error('secret library words')),
  }),
  route({
    ...common,
    method: 'get',
    path: '/busy',
    access: 'member',
    handle: () =>
      Promise.reject(
        new AppError('unavailable', 'All busy.', { retryAfterSeconds: 7, details: { slots: 0 } }),
      ),
  }),
  route({
    ...common,
    method: 'get',
    path: '/hangs',
    access: 'member',
    handle: () => new Promise(() => undefined),
  }),
];

const open = (extra: object = {}) =>
  createHttp({
    config: {
      JWT_SECRET: [secret, 'b'.repeat(32)],
      JWT_PUBLIC_KEY: undefined,
      SERVICE_SECRET: [service],
      METRICS_TOKEN: metricsToken,
      CORS_ORIGINS: ['https://app.example.org'],
      TRUST_PROXY: 1,
      PUBLIC_URL: undefined,
      RATE_LIMIT_READS: 120,
      RATE_LIMIT_WRITES: 30,
      REDIS_PREFIX: stores.keyPrefix,
      ...extra,
    },
    routes,
    pages: [{ path: '/hello', contentType: 'text/html; charset=utf-8', body: '<p>Hello</p>' }],
    logger,
    redis: stores.redis,
    metrics: createMetrics(),
    ready: () => Promise.resolve({ mongo: true }),
    deadlineMs: 300,
  });
const stream = new PassThrough();
stream.on('data', chunk => lines.push(String(chunk)));
const logger = createLogger({ level: 'debug', stream });

beforeAll(async () => {
  stores = await openTestStores();
  http = open();
});
afterAll(async () => {
  await stores.close();
});

describe('the envelope', () => {
  it('answers a success with data and message', async () => {
    const response = await request(http.app)
      .post(`/things/${id}`)
      .set('Authorization', token())
      .send({ name: 'Ada', unknown: 1 });
    expect(response.status).toBe(201);
    expect(response.body).toEqual({ success: true, data: { id, name: 'Ada' }, message: 'Made.' });
    expect(response.headers['content-type']).toMatch(/^application\/json/);
    expect(response.headers['cache-control']).toBe('no-store');
  });

  it('answers a failure with sentence, code, details, request id and Retry-After', async () => {
    const response = await request(http.app)
      .get('/busy')
      .set('Authorization', token())
      .set('X-Request-Id', 'abc-1');
    expect(response.status).toBe(503);
    expect(response.body).toEqual({
      ...{ success: false, message: 'All busy.', code: 'unavailable' },
      ...{ details: { slots: 0 }, requestId: 'abc-1' },
    });
    expect(response.headers['retry-after']).toBe('7');
    expect(response.headers['x-request-id']).toBe('abc-1');
  });

  it('says nothing of an unforeseen failure, and logs it with its stack and request id', async () => {
    const response = await request(http.app)
      .get('/fails')
      .set('Authorization', token())
      .set('X-Request-Id', 'fail-7');
    expect(response.status).toBe(500);
    expect(envelope(response).message).toBe('Something went wrong on our side.');
    const line = lines.find(text => text.includes('secret library words'));
    expect(line).toContain('server.test.ts');
    expect(line).toContain('fail-7');
  });

  it('gives up on a handler that hangs', async () => {
    const response = await request(http.app).get('/hangs').set('Authorization', token());
    expect(response.status).toBe(504);
  });

  it('answers an unknown address and an unknown method as the envelope', async () => {
    for (const response of [await request(http.app).get('/nowhere'), await request(http.app).put('/me')]) {
      expect(response.status).toBe(404);
      expect(envelope(response).message).toBe('This address does not exist.');
    }
  });

  it('replaces a request id that is not one', async () => {
    const response = await request(http.app).get('/health').set('X-Request-Id', 'a b<script>');
    expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('bodies, parameters and queries', () => {
  const send = (body: string, type = 'application/json') =>
    request(http.app)
      .post(`/things/${id}`)
      .set('Authorization', token({ userId: 'bodies' }))
      .set('Content-Type', type)
      .send(body);

  it('reads an absent body as {} whatever the content type says', async () => {
    for (const type of ['application/json', 'text/plain']) {
      const response = await request(http.app)
        .delete('/things')
        .set('Authorization', token({ userId: 'absent' }))
        .set('Content-Type', type);
      expect(response.body).toEqual({ success: true, data: {} });
    }
    const get = await request(http.app)
      .get('/me')
      .set('Authorization', token())
      .set('Content-Type', 'application/json');
    expect(get.status).toBe(200);
  });

  it('names the field in one sentence', async () => {
    const sentences: Record<string, string> = {
      '{}': 'name is required',
      '{"name":1}': 'name must be a text',
      '{"name":"too long"}': 'name must have at most 5 characters',
      '{"name":"a","nested":{"count":"x"}}': 'nested.count must be a number',
      '[1]': 'The body must be an object',
      '"text"': 'The body must be an object',
      '{"name":': 'The body is not valid JSON.',
    };
    for (const [body, message] of Object.entries(sentences)) {
      const response = await send(body);
      expect([body, response.status, envelope(response).message]).toEqual([body, 400, message]);
    }
  });

  it('refuses too large a body with 413 and an unknown encoding with 415', async () => {
    expect((await send(JSON.stringify({ name: 'x'.repeat(200_000) }))).status).toBe(413);
    expect((await send('{}', 'application/json; charset=klingon')).status).toBe(415);
  });

  it('refuses a malformed id with 400', async () => {
    for (const bad of ['1', 'A'.repeat(24), `${id}0`, '%00', '..%2f..%2fetc', '%E0%A4%A']) {
      const response = await request(http.app)
        .post(`/things/${bad}`)
        .set('Authorization', token({ userId: 'ids' }))
        .send({ name: 'a' });
      expect([bad, response.status]).toEqual([bad, 400]);
      expect(envelope(response).message).toMatch(/^id is not a valid id$|could not be read/);
    }
  });
});

describe('who asks', () => {
  it.each([
    [undefined, 'Access denied. No token provided.'],
    ['Basic abc', 'Invalid token format. Use Bearer format.'],
    ['Bearer', 'Invalid token format. Use Bearer format.'],
    ['Bearer abc', 'Invalid token.'],
  ])('%s → 401 %s', async (authorization, message) => {
    const call = request(http.app).get('/me');
    const response = await (authorization === undefined ? call : call.set('Authorization', authorization));
    expect([response.status, envelope(response).message]).toEqual([401, message]);
  });

  it('lets any role use the member routes and only admin the admin routes', async () => {
    const response = await request(http.app)
      .get('/me')
      .set('Authorization', token({ role: 'Super-Admin' }));
    expect(envelope(response).data.actor).toMatchObject({
      userId: 'u1',
      role: 'super-admin',
      isAdmin: false,
    });
    const statusOf = async (role: string) =>
      (
        await request(http.app)
          .get('/admin')
          .set('Authorization', token({ role, userId: role }))
      ).status;
    expect([await statusOf('user'), await statusOf('super-admin'), await statusOf('ADMIN')]).toEqual([
      403, 403, 200,
    ]);
  });

  it('asks services for their secret', async () => {
    const call = (authorization?: string) => {
      const made = request(http.app).post('/internal').send({ userId: 'x' });
      return authorization === undefined ? made : made.set('Authorization', authorization);
    };
    const missing = await call();
    expect([missing.status, envelope(missing).message]).toEqual([401, 'No service token provided']);
    const wrong = await call(`Bearer ${service}x`);
    expect([wrong.status, envelope(wrong).message]).toEqual([403, 'Invalid service token']);
    const member = await call(token());
    expect(member.status).toBe(403);
    const right = await call(`Bearer ${service}`).set('X-Service-Name', 'payments');
    expect(envelope(right).data.actor).toEqual({ kind: 'service', name: 'payments' });
  });

  it('keeps the metrics behind their own token, and absent without one', async () => {
    expect((await request(http.app).get('/metrics')).status).toBe(401);
    expect((await request(http.app).get('/metrics').set('Authorization', token())).status).toBe(401);
    const response = await request(http.app).get('/metrics').set('Authorization', `Bearer ${metricsToken}`);
    expect(response.text).toContain('relance_http_request_seconds');
    expect((await request(open({ METRICS_TOKEN: undefined }).app).get('/metrics')).status).toBe(404);
  });
});

describe('CORS', () => {
  const origin = 'https://app.example.org';

  it('answers preflights before authentication', async () => {
    const response = await request(http.app)
      .options('/me')
      .set('Origin', origin)
      .set('Access-Control-Request-Method', 'PATCH');
    expect(response.status).toBe(204);
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET,POST,PUT,PATCH,DELETE',
      'access-control-allow-headers': 'Authorization,Content-Type',
      'access-control-max-age': '600',
    });
    expect(response.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('puts its headers on errors too', async () => {
    const response = await request(http.app).get('/me').set('Origin', origin);
    expect(response.status).toBe(401);
    expect(response.headers['access-control-allow-origin']).toBe(origin);
    expect(response.headers['access-control-expose-headers']).toContain('Retry-After,RateLimit');
  });

  it('says nothing to other origins, and nothing at all while no origin is set', async () => {
    const names = async (app: Http, from: string) =>
      Object.keys((await request(app.app).get('/me').set('Origin', from)).headers).filter(name =>
        name.includes('access-control-allow'),
      );
    expect(await names(http, 'https://evil.example.org')).toEqual([]);
    const plain = await request(open({ CORS_ORIGINS: [] }).app)
      .get('/me')
      .set('Origin', origin);
    expect(Object.keys(plain.headers).filter(name => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('pages and documents', () => {
  it('serves pages under a policy without inline scripts', async () => {
    const response = await request(http.app).get('/hello');
    expect(response.text).toBe('<p>Hello</p>');
    expect(response.headers['content-security-policy']).toContain("script-src 'self';");
    expect(response.headers['content-security-policy']).not.toContain('unsafe-inline');
    expect(response.headers['x-content-type-options']).toBe('nosniff');
    expect(response.headers['x-powered-by']).toBeUndefined();
  });

  it('serves a browsable page that asks no third party', async () => {
    const page = await request(http.app).get('/docs/');
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/(src|href)="https?:/);
    expect(page.text).not.toMatch(/<script>/);
    expect(page.headers['content-security-policy']).not.toMatch(/script-src[^;]*unsafe/);
    const init = await request(http.app).get('/docs/swagger-ui-init.js');
    expect(init.text).toContain('/things/{id}');
    expect((await request(http.app).get('/docs/swagger-ui-bundle.js')).status).toBe(200);
  });

  it('has an icon for every page, also where a page names none', async () => {
    const named = (await request(http.app).get('/docs/')).text.match(/rel="icon" href="([^"]+)"/)?.[1];
    for (const path of [named ?? 'none named', '/favicon.ico']) {
      const icon = await request(http.app).get(path);
      expect([path, icon.status, icon.headers['content-type']]).toEqual([path, 200, 'image/svg+xml']);
    }
  });

  it('tells whether it is alive and ready', async () => {
    expect((await request(http.app).get('/health')).body).toMatchObject({
      status: 'ok',
      service: 'notification-service',
    });
    expect((await request(http.app).get('/health/live')).status).toBe(200);
    expect((await request(http.app).get('/health/ready')).body).toEqual({
      status: 'ok',
      checks: { mongo: true },
    });
  });
});

/** What express really answers to, as `get /things/{id}`. */
function mountedIn(app: Http['app']): string[] {
  const { stack } = (
    app as unknown as { router: { stack: { route?: { path: string; methods: Record<string, boolean> } }[] } }
  ).router;
  return stack.flatMap(({ route: found }) =>
    found
      ? Object.keys(found.methods).map(method => `${method} ${found.path.replace(/:(\w+)/g, '{$1}')}`)
      : [],
  );
}

describe('the API description', () => {
  const notDescribed = ['get /favicon.ico', 'get /favicon.svg', 'get /openapi.json', 'get /hello'];

  it('is OpenAPI 3.1 and holds every mounted route', async () => {
    const document = await described();
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method} ${path}`),
    );
    const mounted = mountedIn(http.app).filter(name => !notDescribed.includes(name));
    expect(mounted.sort()).toEqual(operations.sort());
    expect(operations).toContain('post /things/{id}');
  });

  it('takes bodies from the schemas that validate', async () => {
    const operation = (await described()).paths['/things/{id}']?.['post'];
    const schema = operation?.requestBody.content['application/json'].schema;
    expect(schema?.properties['name']).toEqual({ type: 'string', maxLength: 5 });
    expect(operation?.parameters[0]).toMatchObject({ name: 'id', in: 'path', required: true });
    expect(operation?.security).toEqual([{ member: [] }]);
  });
});

interface Operation {
  parameters: object[];
  security: object[];
  requestBody: { content: { 'application/json': { schema: { properties: Record<string, object> } } } };
}

async function described() {
  const response = await request(http.app).get('/openapi.json');
  return response.body as { openapi: string; paths: Record<string, Record<string, Operation>> };
}
