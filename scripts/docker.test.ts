import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
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
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(match =>
    (match[1] ?? '').split(' '),
  );
  for (const path of copied) expect(ignore).toContain(`!${path}`);
});
