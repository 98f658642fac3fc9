import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

/** A machine of our own making: a PATH with a few stand-ins, and a clone with next to nothing in it. */
let machine: string;
const real = join(import.meta.dirname, '..');
const at = (...parts: string[]): string => join(machine, ...parts);
const asked = (): string[] =>
  existsSync(at('asked')) ? readFileSync(at('asked'), 'utf8').trim().split('\n') : [];

beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'relance-setup-'));
  for (const folder of ['bin', 'clone/scripts', 'clone/notification-service/src'])
    mkdirSync(at(folder), { recursive: true });
  copyFileSync(join(real, 'scripts/setup.mjs'), at('clone/scripts/setup.mjs'));
  writeFileSync(at('clone/scripts/build-pages.mjs'), 'export const buildPages = () => undefined;');
  const lock = { packages: { '': {}, 'node_modules/tsx': { version: '1.0.0' } } };
  writeFileSync(at('clone/package-lock.json'), JSON.stringify(lock));
  writeFileSync(at('clone/package.json'), '{"type":"module"}');
  writeFileSync(
    at('clone/notification-service/src/main.ts'),
    `console.log('the service', process.argv.slice(2).join(' ') as string);`,
  );
  for (const tool of ['sh', 'env', 'mkdir', 'ln', 'cp', 'chmod', 'cat']) linkTool(tool);
  symlinkSync(process.execPath, at('bin/node'));
  program('ldconfig', `[ -e ${at('bin/libcurl4')} ] && echo libcurl.so.4; exit 0`);
  program('sudo', `shift; exec "$@"`);
  program(
    'npm',
    `
    mkdir -p node_modules && ln -sf ${real}/node_modules/tsx ${real}/node_modules/esbuild node_modules/
    cp package-lock.json node_modules/.package-lock.json`,
  );
  program(
    'apt-get',
    `
    case "$*" in *install*) ;; *) exit 0 ;; esac
    for name in "$@"; do :; done
    [ "$name" = python3-pip ] && name=python3
    printf '#!/bin/sh\\nexit 0\\n' > ${at('bin')}/$name && chmod 755 ${at('bin')}/$name`,
  );
});
afterEach(() => {
  rmSync(machine, { recursive: true, force: true });
});

it('brings in what a bare machine lacks, then becomes the command', () => {
  const first = setup({}, 'start', '--word');
  expect(first).toMatchObject({ status: 0, stdout: 'the service --word\n' });
  const installed = 'install -y --no-install-recommends';
  expect(asked().filter(isInstallation)).toEqual([
    'npm ci --no-audit --no-fund --loglevel=error',
    'apt-get -q update',
    `apt-get -q ${installed} redis-server`,
    `apt-get -q ${installed} python3-pip`,
    `apt-get -q ${installed} libcurl4`,
    `apt-get -q ${installed} chromium-headless-shell`,
  ]);
});

it('does nothing the second time, and is quick about it', () => {
  setup({}, 'start');
  const before = asked().filter(isInstallation);
  const second = setup({}, 'start');
  expect(second).toMatchObject({ status: 0, stderr: '' });
  expect(asked().filter(isInstallation)).toEqual(before);
  expect(second.seconds).toBeLessThan(2);
});

it('installs npm packages again when the lock file has moved on', () => {
  setup({}, 'start');
  const lock = { packages: { '': {}, 'node_modules/tsx': { version: '1.0.1' } } };
  writeFileSync(at('clone/package-lock.json'), JSON.stringify(lock));
  setup({}, 'start');
  expect(asked().filter(line => line.startsWith('npm'))).toHaveLength(2);
});

it('prints the exact line and stops where it may not install', () => {
  const refused = setup({ RELANCE_INSTALL: 'no' }, 'start');
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr).toContain(
    `sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends redis-server python3-pip libcurl4 chromium-headless-shell'`,
  );
  expect(refused.stderr).toContain('set MONGODB_URI and REDIS_URL');
});

it('goes on without the stores when the addresses of running ones are given', () => {
  const addresses = { MONGODB_URI: 'mongodb://there', REDIS_URL: 'redis://there' };
  const started = setup({ ...addresses, RELANCE_INSTALL: 'no' }, 'start');
  expect(started).toMatchObject({ status: 0, stdout: 'the service \n' });
});

it('reads .env, and what is set already wins', () => {
  writeFileSync(at('clone/.env'), 'FIRST=from the file\nSECOND=from the file\n');
  writeFileSync(
    at('clone/notification-service/src/main.ts'),
    `console.log(process.env['FIRST'], process.env['SECOND']);`,
  );
  expect(setup({ SECOND: 'set already' }, 'start').stdout).toBe('from the file set already\n');
});

it('says which commands there are', () => {
  expect(setup({}, 'dance')).toMatchObject({ status: 1 });
  expect(setup({}, 'dance').stderr).toMatch(/start\|dev\|test\|demo\|storm\|bench/);
});

const isInstallation = (line: string): boolean => /^(npm|apt-get) /.test(line);

function setup(environment: Record<string, string>, ...args: string[]) {
  const startedMs = performance.now();
  const { status, stdout, stderr } = spawnSync('node', [at('clone/scripts/setup.mjs'), ...args], {
    env: { PATH: at('bin'), HOME: machine, ...environment },
    encoding: 'utf8',
  });
  return { status, stdout, stderr, seconds: (performance.now() - startedMs) / 1_000 };
}

/** A stand-in that notes what it was asked. */
function program(name: string, body: string): void {
  writeFileSync(at('bin', name), `#!/bin/sh\necho "${name} $*" >> ${at('asked')}\n${body}\n`);
  chmodSync(at('bin', name), 0o755);
}

function linkTool(name: string): void {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map(folder => join(folder, name)).find(path => existsSync(path));
  if (!found) throw new Error(`${name} is not on the PATH of ${dirname(process.execPath)}`);
  symlinkSync(found, at('bin', name));
}
