import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signToken } from '../../src/http/authenticate.ts';
import type { OpenApiDocument } from '../../src/http/openapi.ts';
import { SERVICE_SECRET } from '../test-app.ts';
import { bearer } from '../test-http.ts';
import { openContractBed } from './contract-bed.ts';
import type { ContractBed } from './contract-bed.ts';

/**
 * Who may do what: every route of the OpenAPI document × everybody who may come. A new route is met by itself, since the
 * document lists it; what it must be closed to follows from its path, not from what the route says of itself.
 */
let bed: ContractBed;
let routes: Operation[];
let campaignId = '';
let targetId = '';
beforeAll(async () => {
  bed = await openContractBed();
  const answer = await fetch(`${bed.test.url}/openapi.json`);
  routes = operationsOf((await answer.json()) as OpenApiDocument);
  await bed.addMember('owner');
  bed.refer('owner', 'owner-r');
  campaignId = await bed.createCampaign('owner');
  await bed.test.member('owner').post(`/campaigns/${campaignId}/start`).expect(200);
  const targets = (await bed.test.member('owner').get('/targets').expect(200)).body.data;
  targetId = (targets as { _id: string }[])[0]?._id ?? '';
}, 60_000);
afterAll(() => bed.close());

type Access = 'public' | 'member' | 'admin' | 'service' | 'metrics';
interface Operation {
  method: string;
  path: string;
  access: Access;
  /** What the document says of itself. */
  schemes: string[];
}

function operationsOf(document: OpenApiDocument): Operation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, { security?: Record<string, unknown>[] }>).map(
      ([method, { security = [] }]) => ({
        ...{ method, path, access: accessOf(path) },
        schemes: security.flatMap(scheme => Object.keys(scheme)),
      }),
    ),
  );
}

/** The rule of the contract, by path alone. */
function accessOf(path: string): Access {
  if (path === '/metrics') return 'metrics';
  if (path.startsWith('/api/relance/admin/')) return 'admin';
  if (path.startsWith('/api/relance/internal/')) return 'service';
  return path.startsWith('/api/relance/media/') || !path.startsWith('/api/') ? 'public' : 'member';
}

const addressOf = (path: string): string =>
  path
    .replace('{id}', path.includes('/targets/{id}') ? targetId : campaignId)
    .replace('{day}', '1')
    .replace('{userId}', 'somebody')
    .replace(/\{\w+\}/g, 'x');

/** Status and sentence. A stream is not read. */
async function call(
  { method, path }: Pick<Operation, 'method' | 'path'>,
  authorization?: string,
): Promise<[number, string | undefined]> {
  const stop = new AbortController();
  const response = await fetch(`${bed.test.url}${addressOf(path)}`, {
    method: method.toUpperCase(),
    headers: {
      'Content-Type': 'application/json',
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    },
    signal: stop.signal,
  });
  try {
    if (!(response.headers.get('content-type') ?? '').startsWith('application/json'))
      return [response.status, undefined];
    const { message } = (await response.json()) as { message?: string };
    return [response.status, message];
  } finally {
    stop.abort();
  }
}

/** All that are answered otherwise, by name: one list shows every hole at once. */
async function exceptions(
  of: Access[],
  authorization: (n: number) => string | undefined,
  wanted: (answer: [number, string | undefined]) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  for (const [n, operation] of routes.filter(({ access }) => of.includes(access)).entries()) {
    const answer = await call(operation, authorization(n));
    if (!wanted(answer)) found.push(`${operation.method} ${operation.path}: ${answer[0]} ${answer[1] ?? ''}`);
  }
  return found;
}
const is =
  (status: number, sentence: string) =>
  ([given, said]: [number, string | undefined]): boolean =>
    given === status && said === sentence;
const isLetIn = ([status]: [number, string | undefined]): boolean => status !== 401 && status !== 403;

const JWT_SECRET = 'j'.repeat(32);
const someone = { userId: 'owner', email: 'owner@example.org', role: 'user' };
const USERS: Access[] = ['member', 'admin'];

describe('the document', () => {
  it('lists the routes, each with the scheme that its path asks for', () => {
    expect(routes.length).toBeGreaterThan(60);
    const scheme: Record<Access, string | undefined> = {
      ...{ public: undefined, member: 'member', admin: 'member', service: 'service', metrics: 'metrics' },
    };
    expect(routes.filter(({ access, schemes }) => schemes[0] !== scheme[access])).toEqual([]);
  });
});

describe('routes of members and admins', () => {
  it.each([
    ['no token', undefined, 'Access denied. No token provided.'],
    ['another scheme', 'Basic abc', 'Invalid token format. Use Bearer format.'],
    ['an expired token', `Bearer ${signToken(someone, JWT_SECRET, -10)}`, 'Token expired.'],
    [
      'a token that somebody else has signed',
      `Bearer ${signToken(someone, 'x'.repeat(32))}`,
      'Invalid token.',
    ],
    [
      'a token without a user',
      `Bearer ${signToken({ ...someone, userId: '' }, JWT_SECRET)}`,
      'Invalid token payload.',
    ],
    ['a service', `Bearer ${SERVICE_SECRET}`, 'Invalid token.'],
  ])('are closed to %s: 401', async (_who, authorization, sentence) => {
    expect(await exceptions(USERS, () => authorization, is(401, sentence))).toEqual([]);
  });

  it('of admins are closed to every other role: 403, never 401', async () => {
    for (const role of ['user', 'moderator', 'administrator'])
      expect(
        await exceptions(['admin'], () => bearer('owner', role), is(403, 'This is for administrators only.')),
      ).toEqual([]);
  });

  it('with an id find nothing of another member, not even for an admin: 404', async () => {
    const withId = routes.filter(({ access, path }) => access === 'member' && path.includes('{id}'));
    expect(withId.length).toBeGreaterThanOrEqual(9);
    for (const operation of withId)
      for (const authorization of [bearer('stranger'), bearer('stranger', 'admin')])
        expect([operation, (await call(operation, authorization))[0]]).toEqual([operation, 404]);
    // Nothing has come of it.
    const own = await bed.test.member('owner').get(`/campaigns/${campaignId}`).expect(200);
    expect(own.body.data).toMatchObject({ status: 'active', targets: [{ _id: targetId, status: 'active' }] });
  });
});

describe('routes of services', () => {
  it.each([
    ['no token', undefined, 401, 'No service token provided'],
    ['a wrong secret', `Bearer ${'w'.repeat(32)}`, 403, 'Invalid service token'],
    ['a member', bearer('owner'), 403, 'Invalid service token'],
    ['an admin', bearer('admin', 'admin'), 403, 'Invalid service token'],
  ] as const)('are closed to %s', async (_who, authorization, status, sentence) => {
    expect(await exceptions(['service'], () => authorization, is(status, sentence))).toEqual([]);
  });
});

describe('everybody is let in where they belong', () => {
  it('members and admins to what is their own', { timeout: 120_000 }, async () => {
    // Each time somebody else: leaving, say, must not be what the next one meets.
    expect(await exceptions(['member'], n => bearer(`member-${n}`), isLetIn)).toEqual([]);
    expect(await exceptions(['member'], n => bearer(`own-${n}`, 'admin'), isLetIn)).toEqual([]);
  });
  it('admins to what is theirs', { timeout: 120_000 }, async () => {
    expect(await exceptions(['admin'], n => bearer(`admin-${n}`, 'Admin'), isLetIn)).toEqual([]);
  });
  it('services to what is theirs', async () => {
    expect(await exceptions(['service'], () => `Bearer ${SERVICE_SECRET}`, isLetIn)).toEqual([]);
  });
  it('anybody to what is public', async () => {
    expect(await exceptions(['public'], () => undefined, isLetIn)).toEqual([]);
  });
});
