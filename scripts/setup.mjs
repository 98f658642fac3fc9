// Runs on a machine that has nothing but Node: brings in what a command needs, then becomes that command.
//   node scripts/setup.mjs <command> [arguments…]
// With RELANCE_INSTALL=no it only says what is missing on the system.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OLDEST_NODE = [20, 19];
const COMMANDS = {
  start: {
    program: 'notification-service/src/main.ts',
    stores: true,
    programs: ['chromium-headless-shell'],
    readsDotEnv: true,
  },
  dev: { program: 'scripts/dev.ts', stores: true, programs: [], readsDotEnv: true },
  test: { program: 'scripts/test.ts', stores: true, programs: ['chromium-headless-shell', 'chromium'] },
  demo: { program: 'scripts/demo.ts', stores: true, programs: [] },
  storm: { program: 'scripts/storm.ts', stores: true, programs: [] },
  bench: { program: 'scripts/bench.ts', stores: true, programs: [] },
};

/** What is looked for on the PATH, and the Debian package that brings it. */
const PACKAGES = {
  'redis-server': 'redis-server',
  pip: 'python3-pip',
  'libcurl.so.4': 'libcurl4',
  chromium: 'chromium',
  'chromium-headless-shell': 'chromium-headless-shell',
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [commandName = '', ...commandArguments] = process.argv.slice(2);
const command = COMMANDS[commandName];
if (!command) fail(`Usage: node scripts/setup.mjs ${Object.keys(COMMANDS).join('|')} [arguments]`);

checkNode();
if (command.readsDotEnv) readDotEnv(join(root, '.env'));
installNpmPackages();
installPrograms(command);
await buildPages();
await become(command);

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  fail(
    `Node ${OLDEST_NODE.join('.')} or later is needed; this is ${process.versions.node}. See https://nodejs.org.`,
  );
}

/** What is set already wins. */
function readDotEnv(path) {
  if (existsSync(path)) process.loadEnvFile(path);
}

function installNpmPackages() {
  if (packagesAreThere()) return;
  say('Installing npm packages …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const done = run(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root });
  if (done !== 0) fail('npm ci failed; see what it said above.');
}

/** npm leaves a copy of the lock file with what it really installed; each package must be the locked one. */
function packagesAreThere() {
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'));
  if (!installed) return false;
  const wanted = readLock(join(root, 'package-lock.json')) ?? {};
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || installed[path]?.version === version || (optional && !installed[path]),
  );
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function installPrograms({ stores, programs }) {
  const needed = stores ? storePrograms() : [];
  const missing = [...needed, ...programs].filter(name => !isThere(name));
  if (missing.length === 0) return;
  const packages = missing.map(name => PACKAGES[name]);
  const line = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!onPath('apt-get')) {
    say(`Missing on this machine: ${missing.join(', ')}. Install them with this system's package manager.`);
  } else {
    const sudo = mayInstall();
    if (!sudo) say(`Missing on this machine: ${missing.join(', ')}. Run:\n\n  sudo sh -c '${line}'\n`);
    else {
      say(`Installing ${packages.join(', ')} …`);
      installWithApt(sudo, packages);
    }
  }
  const lacking = needed.filter(name => !isThere(name));
  if (lacking.length > 0) {
    fail(
      `Cannot go on without ${lacking.join(', ')}. Or set MONGODB_URI and REDIS_URL to servers that run already.`,
    );
  }
}

/** The embedded MongoDB and Redis need programs only where no address of running ones is given. */
function storePrograms() {
  const needed = [];
  if (!process.env.REDIS_URL || commandName === 'test') needed.push('redis-server');
  if (!process.env.MONGODB_URI || commandName === 'test') {
    const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'relance', 'mongod');
    if (!process.env.MONGOD_BIN && !onPath('mongod') && !existsSync(cache))
      needed.push('pip', 'libcurl.so.4');
  }
  return needed;
}

function isThere(name) {
  if (name === 'pip') return run('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' }) === 0;
  return name === 'libcurl.so.4' ? hasLibrary(name) : onPath(name);
}

/** The fetched mongod needs one library that a slim Debian lacks. Where nobody can tell, it is taken to be there. */
function hasLibrary(name) {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin` };
  const { status, stdout } = spawnSync('ldconfig', ['-p'], { env, encoding: 'utf8' });
  return status !== 0 || stdout.includes(name);
}

/** How a command becomes root's here: as it is, through sudo without a password, or not at all. */
function mayInstall() {
  if (process.env.RELANCE_INSTALL === 'no') return undefined;
  if (process.getuid?.() === 0) return ['env'];
  return run('sudo', ['-n', 'true'], { stdio: 'ignore' }) === 0 ? ['sudo', '-n', 'env'] : undefined;
}

/** One by one: a system that lacks one of the packages still gets the others. */
function installWithApt([program, ...before], packages) {
  const apt = [...before, 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q'];
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] };
  run(program, [...apt, 'update'], quiet);
  for (const name of packages) {
    const done = run(program, [...apt, 'install', '-y', '--no-install-recommends', name], quiet);
    if (done !== 0) say(`The package ${name} could not be installed.`);
  }
}

function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some(folder => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

/** Not before the packages are there, which it is made with. */
async function buildPages() {
  const builder = await import('./build-pages.mjs');
  try {
    builder.buildPages();
  } catch (error) {
    fail(error.message);
  }
}

/** In this very process, so that signals reach the command and nothing stands between. */
async function become({ program }) {
  const path = join(root, program);
  process.argv = [process.argv[0], path, ...commandArguments];
  const tsx = await import('tsx/esm/api');
  tsx.register();
  await import(pathToFileURL(path).href);
}

function run(program, args, options = {}) {
  return spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options }).status;
}

function say(text) {
  console.error(text);
}

function fail(text) {
  console.error(text);
  process.exit(1);
}
