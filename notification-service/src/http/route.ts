import type { Request, Response } from 'express';
import type { z } from 'zod';

/** Who asks. Members and admins come with a JWT, other services with the service secret. */
export interface UserActor {
  kind: 'user';
  userId: string;
  email: string;
  role: string;
  name: string | null;
  isAdmin: boolean;
}
export interface ServiceActor {
  kind: 'service';
  name: string;
}
export interface NobodyActor {
  kind: 'nobody';
}
type ActorOf = {
  member: UserActor;
  admin: UserActor;
  service: ServiceActor;
  public: NobodyActor;
  metrics: NobodyActor;
};
export type Access = keyof ActorOf;

export interface RouteContext<A extends Access, P, Q, B> {
  actor: ActorOf[A];
  params: P;
  query: Q;
  body: B;
  requestId: string;
  /** For routes that stream or read the raw body; everybody else answers by returning. */
  req: Request;
  res: Response;
}

/** `success: true` is added. `STREAMED`: the handler has written the response by itself. */
export interface Reply {
  status?: number;
  data?: unknown;
  message?: string;
  headers?: Record<string, string>;
  /** Sent as it is, without the envelope (health checks). */
  bare?: unknown;
}
export const STREAMED = Symbol('the response was written by the handler');

export interface RouteSpec<A extends Access, P, Q, B> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** In OpenAPI form: `/api/relance/targets/{id}/stop`. */
  path: string;
  access: A;
  /** One sentence for the API page. */
  summary: string;
  tag: string;
  /** Rate-limit class; by default `read` for get, `write` for the rest, `none` for services and public routes. */
  limit?: 'read' | 'write' | 'connect' | 'none';
  /**
   * With `limit: 'connect'`: whether this request counts against the connects of the hour (a repeat within an attempt
   * does not). Without it each one counts.
   */
  countsToLimit?(actor: ActorOf[A]): Promise<boolean>;
  /** A one-use `?ticket=` is taken instead of a token (native `EventSource` cannot send a header). */
  ticket?: boolean;
  /** By default `{id}` in the path must be one of our ids. */
  params?: z.ZodType<P>;
  query?: z.ZodType<Q>;
  /** JSON body; an absent body is read as `{}`. Unknown fields are dropped, never refused. */
  body?: z.ZodType<B>;
  /** Largest JSON body in bytes; 100 kB by default. */
  maxBodyBytes?: number;
  /** What the sentence is when validation fails; by default it is made from the first issue. */
  invalidMessage?: string;
  /** The body is not JSON and is read by the handler (uploads). */
  rawBody?: boolean;
  /** Shape of `data` in a success, by status. */
  replies: Record<number, z.ZodType | null>;
  /** Failures that this route documents beyond validation and authentication: status → sentence. */
  errors?: Record<number, string>;
  handle(context: RouteContext<A, P, Q, B>): Promise<Reply | typeof STREAMED>;
}

/** A route whose type parameters are forgotten, so that routes fit in one list. */
export type Route = RouteSpec<Access, unknown, unknown, unknown>;

/** Declares a route: types flow from its schemas to its handler. */
export function route<A extends Access, P = unknown, Q = unknown, B = unknown>(
  spec: RouteSpec<A, P, Q, B>,
): Route {
  return spec;
}
