import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { openTestStores } from '../notification-service/test/test-stores.ts';
import { SETTINGS } from '../notification-service/src/platform/config.ts';

interface Service {
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  profiles?: string[];
  environment?: Record<string, string>;
  entrypoint?: string[];
  command?: string[];
  healthcheck?: { test: string[] };
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
}

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const dockerfile = read('notification-service/Dockerfile');
const ours = Object.entries(compose.services).filter(([, service]) => service.environment?.['ROLES']);
const textOf = (service: Service | undefined): string =>
  [...(service?.entrypoint ?? []), ...(service?.command ?? [])].join(' ').replace(/\\\n\s*/g, ' ');

it('runs as one process, or as one service a role', () => {
  const rolesOf = (profile: string) =>
    ours
      .filter(([, { profiles }]) => profiles?.includes(profile))
      .map(([, { environment }]) => environment?.['ROLES']);
  expect(rolesOf('one')).toEqual(['api,scheduler,sender']);
  expect(rolesOf('roles').toSorted()).toEqual(['api', 'scheduler', 'sender']);
});

it('gives nothing root, capabilities, or a root file system it could write to', () => {
  for (const [name, { read_only, cap_drop, user = 'root' }] of Object.entries(compose.services)) {
    expect({ name, read_only, cap_drop }).toEqual({ name, read_only: true, cap_drop: ['ALL'] });
    expect(`${name} runs as ${user}`).not.toMatch(/ as (root|0)\b/);
  }
  expect(dockerfile).toMatch(/^USER node$/m);
  expect(dockerfile.indexOf('USER node')).toBeLessThan(dockerfile.lastIndexOf('CMD ['));
});

it('runs MongoDB 8 as a replica set, initiated before the service starts', () => {
  expect(read('docker-compose.yml')).toMatch(/image: mongo:8/);
  expect(textOf(compose.services['mongodb'])).toContain('--replSet relance');
  expect(textOf(compose.services['mongodb-init'])).toContain('rs.initiate');
  for (const [, service] of ours) {
    expect(service.depends_on?.['mongodb-init']).toEqual({ condition: 'service_completed_successfully' });
    expect(service.environment?.['MONGODB_URI']).toContain('replicaSet=relance');
  }
});

it('runs Redis with an append-only file and without eviction', () => {
  const redis = textOf(compose.services['redis']);
  expect(redis).toContain('--appendonly yes --appendfsync everysec');
  expect(redis).toContain('--maxmemory-policy noeviction');
});

it('asks every long-running part for its health', () => {
  expect(dockerfile).toMatch(/^HEALTHCHECK [^]*\/health\/ready/m);
  expect(compose.services['mongodb']?.healthcheck?.test).toContain('mongosh');
  expect(compose.services['redis']?.healthcheck?.test.join(' ')).toContain('PONG');
});

it('keeps what must survive in named volumes', () => {
  const mounted = Object.values(compose.services).flatMap(({ volumes }) => volumes ?? []);
  expect(mounted.map(volume => volume.split(':')[0]).toSorted()).toEqual(
    Object.keys(compose.volumes).toSorted(),
  );
  expect(compose.services['mongodb']?.volumes?.join(' ')).toContain('/data/db');
  expect(compose.services['redis']?.volumes?.join(' ')).toContain('/data');
});

it('takes every secret from outside and has a default for none', () => {
  for (const { environment } of Object.values(compose.services)) {
    for (const [name, value] of Object.entries(environment ?? {})) {
      if (/PASSWORD|SECRET|TOKEN|_URI$|^REDIS_URL$/.test(name))
        expect(value).toMatch(/\$\{[A-Z_]+:\?[^}]+\}/);
      if (/PASSWORD|SECRET|TOKEN/.test(name)) expect(value).toMatch(/^\$\{[A-Z_]+:\?[^}]+\}$/);
    }
  }
});

it('gives the service only settings that it knows', () => {
  for (const [, { environment }] of ours) {
    for (const name of Object.keys(environment ?? {})) expect(Object.keys(SETTINGS)).toContain(name);
  }
});

it('puts nothing into the image but what runs', () => {
  const ignore = read('.dockerignore').split('\n').filter(Boolean);
  expect(ignore[0]).toBe('*');
  expect(ignore).not.toContain('!.env');
  for (const path of copied()) expect(ignore).toContain(`!${path}`);
});

it('puts all into the image that it takes to serve', async () => {
  const stores = await openTestStores();
  onTestFinished(() => stores.close());
  const image = await mkdtemp(join(tmpdir(), 'relance-image-'));
  onTestFinished(() => rm(image, { recursive: true }));
  const root = join(import.meta.dirname, '..');
  for (const path of copied()) {
    await mkdir(dirname(join(image, path)), { recursive: true });
    await cp(join(root, path), join(image, path), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(image, 'node_modules'));
  const [command = '', ...args] = JSON.parse(/^CMD (.+)$/m.exec(dockerfile)?.[1] ?? '') as string[];
  const service = spawn(command, args, {
    cwd: image,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...{ PATH: process.env['PATH'], NODE_ENV: 'test', ROLES: 'api', HOST: '127.0.0.1', PORT: '0' },
      ...{ MONGODB_URI: stores.mongoUri, REDIS_URL: stores.redisUrl, REDIS_PREFIX: stores.keyPrefix },
      ...{ TRANSPORT: 'simulator', SIMULATED_WHATSAPP_URL: 'http://127.0.0.1:1' },
      ...{ JWT_SECRET: 'j'.repeat(32), SERVICE_SECRET: 's'.repeat(32) },
      WHATSAPP_SESSION_SECRET: 'w'.repeat(32),
    },
  });
  const ended = once(service, 'exit');
  onTestFinished(async () => {
    service.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
  let url: string | undefined;
  for await (const line of createInterface(service.stdout)) {
    url = (JSON.parse(line) as { url?: string }).url;
    if (url) break;
  }
  for (const path of ['/health/ready', '/connect', '/docs/']) {
    expect([path, (await fetch(`${url ?? ''}${path}`)).status]).toEqual([path, 200]);
  }
});

/** What the image takes from the repository. */
function copied(): string[] {
  return [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(match =>
    (match[1] ?? '').split(' '),
  );
}
