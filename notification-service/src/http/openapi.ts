import { OpenApiGeneratorV31, OpenAPIRegistry, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Access, Route } from './route.ts';
import { idParams } from './schemas.ts';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

/** The OpenAPI 3.1 description, made from the same schemas that validate. */
export function describeApi(routes: readonly Route[], publicUrl: string | undefined): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'member', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
  registry.registerComponent('securitySchemes', 'service', { type: 'http', scheme: 'bearer' });
  registry.registerComponent('securitySchemes', 'metrics', { type: 'http', scheme: 'bearer' });
  registry.registerComponent('securitySchemes', 'ticket', { type: 'apiKey', in: 'query', name: 'ticket' });
  for (const route of routes) registry.registerPath(operationOf(route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Relance',
      version: '1',
      description: 'WhatsApp follow-ups: seven days, one message a day.',
    },
    ...(publicUrl === undefined ? {} : { servers: [{ url: publicUrl }] }),
  });
}

const failure = z.object({
  success: z.literal(false),
  message: z.string(),
  code: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
  requestId: z.string().optional(),
});

function operationOf(route: Route): RouteConfig {
  const params = route.params ?? (route.path.includes('{id}') ? idParams : undefined);
  return {
    method: route.method,
    path: route.path,
    summary: route.summary,
    tags: [route.tag],
    security: securityOf(route),
    request: {
      ...(params instanceof z.ZodObject ? { params } : {}),
      ...(route.query instanceof z.ZodObject ? { query: route.query } : {}),
      ...(route.rawBody === true ? { body: upload } : {}),
      ...(route.body ? { body: { content: { 'application/json': { schema: route.body } } } } : {}),
    },
    responses: { ...repliesOf(route), ...failuresOf(route) },
  };
}

const upload = {
  content: {
    'multipart/form-data': {
      schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } } },
    },
  },
} as const;

function securityOf(route: Route): Record<string, string[]>[] {
  const scheme: Record<Access, string | null> = {
    ...{ member: 'member', admin: 'member', service: 'service', metrics: 'metrics', public: null },
  };
  const name = scheme[route.access];
  return name === null ? [] : [{ [name]: [] }, ...(route.ticket === true ? [{ ticket: [] }] : [])];
}

function repliesOf(route: Route): RouteConfig['responses'] {
  return Object.fromEntries(
    Object.entries(route.replies).map(([status, data]) => [
      status,
      {
        description: 'Success',
        ...(data ? { content: { 'application/json': { schema: enveloped(route, data) } } } : {}),
      },
    ]),
  );
}

function enveloped(route: Route, data: z.ZodType): z.ZodType {
  if (route.tag === 'Operation') return data;
  return z.object({ success: z.literal(true), data: data.optional(), message: z.string().optional() });
}

function failuresOf(route: Route): RouteConfig['responses'] {
  const known: Record<string, string> = {
    ...((route.params ?? route.query ?? route.body ?? route.path.includes('{'))
      ? { 400: 'A field is missing or wrong.' }
      : {}),
    ...(route.access === 'public' ? {} : { 401: 'Nobody is known by this token.' }),
    ...(route.access === 'admin' ? { 403: 'The role is not enough.' } : {}),
    ...(route.access === 'service' ? { 403: 'Invalid service token' } : {}),
    ...(route.access === 'member' || route.access === 'admin' ? { 429: 'Too many requests.' } : {}),
    ...route.errors,
  };
  return Object.fromEntries(
    Object.entries(known).map(([status, description]) => [
      status,
      { description, content: { 'application/json': { schema: failure } } },
    ]),
  );
}
