import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { AppError } from '../platform/errors.ts';
import { ID_PATTERN } from '../platform/ids.ts';
import type { Authenticator } from './authenticate.ts';
import type { LimitClass, RateLimits } from './rate-limit.ts';
import {
  type NobodyActor,
  type Reply,
  type Route,
  type ServiceActor,
  STREAMED,
  type UserActor,
} from './route.ts';
import type { Tickets } from './tickets.ts';
import { validate } from './validate.ts';

type Actor = UserActor | ServiceActor | NobodyActor;

export interface RouteTools {
  authenticator: Authenticator;
  limits: RateLimits;
  tickets: Tickets;
  /** A handler that has not answered after this long is given up with a 504. */
  deadlineMs: number;
}

/** Puts a declared route into express: who asks, how often, what is asked, the answer. */
export function mountRoute(app: Express, route: Route, tools: RouteTools): void {
  const readBody = bodyReader(route);
  app[route.method](expressPath(route.path), async (req, res) => {
    res.locals['route'] = route.path;
    const actor = await whoAsks(route, req, res, tools);
    res.locals['actor'] = actor.kind === 'user' ? actor.userId : actor.kind === 'service' ? actor.name : null;
    await countUser(route, actor, res, tools.limits);
    const body = await readBody(req, res);
    const context = {
      ...{ actor, body, req, res },
      params: route.params ? validate(route.params, req.params, route.invalidMessage) : idsOf(req.params),
      query: route.query ? validate(route.query, singleValues(req.query), route.invalidMessage) : {},
      requestId: String(res.getHeader('X-Request-Id')),
    };
    // The actor's kind follows from the route's `access`, which the list of routes has forgotten.
    const handled = route.handle(context);
    const reply = await (route.rawBody === true ? handled : withDeadline(handled, tools.deadlineMs));
    if (reply !== STREAMED) send(res, reply);
  });
}

/** `/targets/{id}/stop` → `/targets/:id/stop` */
const expressPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1');

async function whoAsks(route: Route, req: Request, res: Response, tools: RouteTools): Promise<Actor> {
  const authorization = req.get('Authorization');
  switch (route.access) {
    case 'public':
      if (route.limit !== undefined) await countAddress(route, req, res, tools.limits);
      return NOBODY;
    case 'metrics':
      tools.authenticator.metrics(authorization);
      return NOBODY;
    case 'service':
      return tools.authenticator.service(authorization, req.get('X-Service-Name'));
    case 'member':
    case 'admin': {
      const user = await userOf(route, req, tools).catch(async (error: unknown) => {
        await countAddress(route, req, res, tools.limits);
        throw error;
      });
      if (route.access === 'admin' && !user.isAdmin) {
        throw new AppError('forbidden', 'This is for administrators only.');
      }
      return user;
    }
  }
}

const NOBODY: NobodyActor = { kind: 'nobody' };

async function userOf(route: Route, req: Request, tools: RouteTools): Promise<UserActor> {
  const { ticket } = req.query;
  if (route.ticket !== true || ticket === undefined)
    return tools.authenticator.user(req.get('Authorization'));
  const user = typeof ticket === 'string' ? await tools.tickets.redeem(ticket) : null;
  if (!user) throw new AppError('unauthenticated', 'Invalid token.');
  return user;
}

const classOf = (route: Route): LimitClass | 'none' =>
  route.limit ?? (route.method === 'get' ? 'read' : 'write');

/** Only who has no (good) token is counted by address: front ends come through one gateway. */
async function countAddress(route: Route, req: Request, res: Response, limits: RateLimits): Promise<void> {
  const kind = classOf(route);
  if (kind !== 'none')
    await limits.consume(kind === 'connect' ? 'write' : kind, `ip:${req.ip ?? 'unknown'}`, res);
}

async function countUser(route: Route, actor: Actor, res: Response, limits: RateLimits): Promise<void> {
  if (actor.kind !== 'user') return;
  const kind = classOf(route);
  if (kind === 'none') return;
  await limits.consume(kind === 'connect' ? 'write' : kind, `user:${actor.userId}`, res);
  if (kind === 'connect' && (await (route.countsToLimit?.(actor) ?? true))) {
    await limits.consume('connect', `user:${actor.userId}`, res);
  }
}

const MAX_BODY_BYTES = 100_000;

/** JSON whatever the `Content-Type` says, `{}` when there is none: front ends set the type without a body. */
function bodyReader(route: Route): (req: Request, res: Response) => Promise<unknown> {
  const schema = route.body;
  if (!schema) return () => Promise.resolve({});
  const parse = express.json({
    limit: route.maxBodyBytes ?? MAX_BODY_BYTES,
    type: () => true,
    strict: false,
  });
  return async (req, res) => {
    await run(parse, req, res);
    const body: unknown = req.body;
    return validate(schema, isNothing(body) ? {} : body, route.invalidMessage);
  };
}

const isNothing = (body: unknown): boolean => body === undefined || body === null || body === '';

const run = (middleware: RequestHandler, req: Request, res: Response): Promise<void> =>
  new Promise((resolve, reject) => {
    void middleware(req, res, (error?: unknown) => {
      if (error === undefined) resolve();
      else
        reject(error instanceof Error ? error : new Error('The body could not be read.', { cause: error }));
    });
  });

const anId = z.string().regex(ID_PATTERN, 'is not a valid id');

/** Without a schema of its own, everything in a path is one of our ids. */
function idsOf(params: Request['params']): unknown {
  return validate(z.record(z.string(), anId), { ...params });
}

/** A parameter that stands twice in the query is a mistake; the validation would call it a list. */
function singleValues(query: Request['query']): Record<string, unknown> {
  const twice = Object.keys(query).find(name => Array.isArray(query[name]));
  if (twice !== undefined) throw new AppError('bad_request', `${twice.slice(0, 80)} must be given once`);
  return { ...query };
}

async function withDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AppError('timeout', 'This took too long. Please try again.')),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function send(res: Response, reply: Reply): void {
  if (reply.headers) res.set(reply.headers);
  res.status(reply.status ?? 200);
  if (reply.bare !== undefined) res.json(reply.bare);
  else {
    res.json({
      success: true,
      ...(reply.data === undefined ? {} : { data: reply.data }),
      ...(reply.message === undefined ? {} : { message: reply.message }),
    });
  }
}
