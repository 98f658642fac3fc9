import { createHash, createPublicKey, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { AppError } from '../platform/errors.ts';
import { USER_ID_PATTERN } from '../platform/ids.ts';
import type { ServiceActor, UserActor } from './route.ts';

export interface AuthSettings {
  JWT_SECRET?: readonly string[] | undefined;
  JWT_PUBLIC_KEY?: string | undefined;
  SERVICE_SECRET: readonly string[];
  METRICS_TOKEN?: string | undefined;
}

/** Who asks, by the `Authorization` header. The sentences are part of the contract with the front ends. */
export interface Authenticator {
  /** Members and admins; throws `unauthenticated`. */
  user(authorization: string | undefined): UserActor;
  /** Other services; throws `unauthenticated` or `forbidden`. */
  service(authorization: string | undefined, serviceName: string | undefined): ServiceActor;
  /** Whoever reads metrics; throws `not_found` while no token is configured. */
  metrics(authorization: string | undefined): void;
}

export function createAuthenticator(settings: AuthSettings): Authenticator {
  const keys = verifyingKeys(settings);
  const serviceSecrets = settings.SERVICE_SECRET.map(digest);
  const metricsToken = settings.METRICS_TOKEN === undefined ? null : digest(settings.METRICS_TOKEN);
  return {
    user: authorization => actorOf(verifyToken(bearerOf(authorization), keys)),
    service(authorization, serviceName) {
      const token = bearerIn(authorization);
      if (token === null) throw new AppError('unauthenticated', 'No service token provided');
      if (!isOneOf(token, serviceSecrets)) throw new AppError('forbidden', 'Invalid service token');
      return {
        kind: 'service',
        name: serviceName !== undefined && NAME.test(serviceName) ? serviceName : 'unnamed',
      };
    },
    metrics(authorization) {
      if (!metricsToken) throw new AppError('not_found', 'This address does not exist.');
      const token = bearerIn(authorization);
      if (token === null || !isOneOf(token, [metricsToken]))
        throw new AppError('unauthenticated', 'Invalid token.');
    },
  };
}

/** Signs an HS256 token as the platform's login does: for scripts and tests. */
export function signToken(
  claims: { userId: string; email: string; role: string; name?: string },
  secret: string,
  expiresInSeconds = 3_600,
): string {
  return jwt.sign(claims, createSecretKey(Buffer.from(secret, 'utf8')), {
    algorithm: 'HS256',
    expiresIn: expiresInSeconds,
  });
}

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

interface VerifyingKey {
  key: KeyObject;
  algorithms: jwt.Algorithm[];
}

/** Each key with the algorithms it is for: a public key is never taken as an HMAC secret. */
function verifyingKeys(settings: AuthSettings): VerifyingKey[] {
  const keys: VerifyingKey[] = (settings.JWT_SECRET ?? []).map(secret => ({
    key: createSecretKey(Buffer.from(secret, 'utf8')),
    algorithms: ['HS256'],
  }));
  if (settings.JWT_PUBLIC_KEY === undefined) return keys;
  const key = createPublicKey(settings.JWT_PUBLIC_KEY.replaceAll('\\n', '\n'));
  return [...keys, { key, algorithms: ALGORITHMS[key.asymmetricKeyType ?? ''] ?? [] }];
}

const ALGORITHMS: Readonly<Record<string, jwt.Algorithm[]>> = {
  rsa: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'rsa-pss': ['PS256', 'PS384', 'PS512'],
  ec: ['ES256', 'ES384', 'ES512'],
};

function bearerOf(authorization: string | undefined): string {
  if (authorization === undefined || authorization.trim() === '') {
    throw new AppError('unauthenticated', 'Access denied. No token provided.');
  }
  const token = bearerIn(authorization);
  if (token === null) throw new AppError('unauthenticated', 'Invalid token format. Use Bearer format.');
  return token;
}

function bearerIn(authorization: string | undefined): string | null {
  return /^bearer +(\S+)\s*$/i.exec(authorization ?? '')?.[1] ?? null;
}

/** Expired is said only of a token that is ours. */
function verifyToken(token: string, keys: readonly VerifyingKey[]): unknown {
  let expired = false;
  for (const { key, algorithms } of keys) {
    try {
      return jwt.verify(token, key, { algorithms });
    } catch (error) {
      expired ||= error instanceof jwt.TokenExpiredError;
    }
  }
  throw new AppError('unauthenticated', expired ? 'Token expired.' : 'Invalid token.');
}

const claims = z.object({
  userId: z.string().regex(USER_ID_PATTERN),
  email: z.string().min(1).max(320),
  role: z.string().min(1).max(64),
  name: z.string().max(200).nullish().catch(null),
});

function actorOf(payload: unknown): UserActor {
  const parsed = claims.safeParse(payload);
  if (!parsed.success) throw new AppError('unauthenticated', 'Invalid token payload.');
  const { userId, email, name } = parsed.data;
  const role = parsed.data.role.toLowerCase();
  return { kind: 'user', userId, email, role, name: name ?? null, isAdmin: role === 'admin' };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** All are compared, each in constant time, so that neither the secret nor its place in the list shows. */
function isOneOf(token: string, secrets: readonly Buffer[]): boolean {
  const given = digest(token);
  return secrets.reduce((found, secret) => timingSafeEqual(given, secret) || found, false);
}
