import { createHmac, generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { createAuthenticator, signToken } from './authenticate.ts';

const [current, former, other] = ['c', 'f', 'o'].map(letter => letter.repeat(32)) as [string, string, string];
const claims = { userId: 'u1', email: 'u1@example.org', role: 'user' };
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: typeof rsa.publicKey) => key.export({ type: 'spki', format: 'pem' }).toString();

const shared = createAuthenticator({ JWT_SECRET: [current, former], SERVICE_SECRET: [current, former] });
const sentence = (run: () => unknown): string => {
  try {
    run();
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
};
const userBy = (token: string, authenticator = shared) =>
  sentence(() => authenticator.user(`Bearer ${token}`));

describe('member tokens', () => {
  it('say who asks, whatever the case of role and scheme, and further claims do not matter', () => {
    const token = jwt.sign({ ...claims, role: 'ADMIN', name: 'Ada', isAdmin: false, extra: 1 }, current);
    expect(shared.user(`bearer  ${token} `)).toEqual({
      ...{ kind: 'user', userId: 'u1', email: 'u1@example.org', role: 'admin', name: 'Ada', isAdmin: true },
    });
  });

  it('are taken with every secret of the list', () => {
    expect([current, former, other].map(secret => userBy(signToken(claims, secret)))).toEqual([
      'accepted',
      'accepted',
      'Invalid token.',
    ]);
  });

  it('expire; a forged one does not even do that', () => {
    expect(userBy(signToken(claims, former, -10))).toBe('Token expired.');
    expect(userBy(signToken(claims, other, -10))).toBe('Invalid token.');
  });

  it.each([
    [{ email: 'a@b.c', role: 'user' }],
    [{ ...claims, userId: 7 }],
    [{ ...claims, userId: 'a/b' }],
    [{ ...claims, userId: '' }],
    [{ ...claims, userId: 'x'.repeat(65) }],
    [{ userId: 'u1', role: 'user' }],
    [{ userId: 'u1', email: 'a@b.c' }],
    [{ ...claims, role: ['admin'] }],
    [{ ...claims, userId: { $ne: null } }],
  ])('without their claims are not enough: %j', payload => {
    expect(userBy(jwt.sign(payload, current))).toBe('Invalid token payload.');
  });

  it('are refused when they choose another algorithm', () => {
    const none = [{ alg: 'none', typ: 'JWT' }, claims].map(part =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    expect(userBy(`${none.join('.')}.`)).toBe('Invalid token.');
    expect(userBy(jwt.sign(claims, current, { algorithm: 'HS512' }))).toBe('Invalid token.');
    expect(userBy(jwt.sign(claims, rsa.privateKey, { algorithm: 'RS256' }))).toBe('Invalid token.');
  });

  it.each([
    ['RS256', rsa],
    ['PS256', rsa],
    ['ES256', ec],
  ] as const)('are verified with a public key: %s', (algorithm, { privateKey, publicKey }) => {
    const authenticator = createAuthenticator({
      JWT_PUBLIC_KEY: pem(publicKey).replaceAll('\n', '\\n'),
      SERVICE_SECRET: [current],
    });
    expect(userBy(jwt.sign(claims, privateKey, { algorithm }), authenticator)).toBe('accepted');
    expect(userBy(signToken(claims, current), authenticator)).toBe('Invalid token.');
  });

  it('cannot be made from the public key', () => {
    const key = pem(rsa.publicKey);
    const authenticator = createAuthenticator({ JWT_PUBLIC_KEY: key, SERVICE_SECRET: [current] });
    const body = [{ alg: 'HS256' }, claims]
      .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const forged = `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
    expect(userBy(forged, authenticator)).toBe('Invalid token.');
  });
});

describe('service tokens', () => {
  const by = (authorization?: string) => sentence(() => shared.service(authorization, undefined));

  it('are any secret of the list, whole', () => {
    expect([by(`Bearer ${current}`), by(`Bearer ${former}`)]).toEqual(['accepted', 'accepted']);
    for (const wrong of [other, current.slice(1), `${current}x`, `${current},${former}`]) {
      expect(by(`Bearer ${wrong}`)).toBe('Invalid service token');
    }
  });

  it('must be there', () => {
    for (const none of [undefined, '', 'Bearer', 'Bearer ', `Basic ${current}`])
      expect(by(none)).toBe('No service token provided');
  });

  it('come with a name, or with none', () => {
    const nameOf = (name: string) => shared.service(`Bearer ${current}`, name).name;
    expect([nameOf('payments-1'), nameOf('a b\n'), nameOf('')]).toEqual(['payments-1', 'unnamed', 'unnamed']);
  });
});
