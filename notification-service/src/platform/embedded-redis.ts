import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedLogger, type SupervisedChild, superviseChild } from './embedded-child.ts';
import { socketPath } from './embedded-socket.ts';

export interface EmbeddedRedis extends SupervisedChild {
  /** `unix:///…/redis.sock`, as REDIS_URL takes it. */
  readonly url: string;
}

/**
 * A real redis-server on a unix socket under `dir`, with AOF `everysec` and `noeviction`, kept alive until `stop()`.
 * With `port` it listens on that loopback port as well.
 */
export async function startEmbeddedRedis(options: {
  dir: string;
  logger: EmbeddedLogger;
  port?: number;
  binary?: string;
}): Promise<EmbeddedRedis> {
  const dataDir = join(options.dir, 'redis');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const socket = socketPath(options.dir, 'redis.sock');
  const child = await superviseChild({
    name: 'redis-server',
    command: options.binary ?? 'redis-server',
    args: [
      ...['--port', String(options.port ?? 0), '--bind', '127.0.0.1'],
      ...['--unixsocket', socket, '--unixsocketperm', '700'],
      ...['--dir', dataDir, '--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
      ...['--maxmemory-policy', 'noeviction', '--daemonize', 'no'],
    ],
    pidFile: join(options.dir, 'redis.pid'),
    ready: (_child, signal) => answersPing(socket, signal),
    logger: options.logger,
  }).catch((error: unknown) => {
    throw isMissing(error) ? new Error(REDIS_MISSING, { cause: error }) : error;
  });
  return { ...child, url: `unix://${socket}` };
}

const REDIS_MISSING =
  'redis-server was not found. Install it (Debian, Ubuntu: apt-get install -y redis-server; macOS: brew install redis), or set REDIS_URL to a Redis or Valkey that runs already.';

function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.cause instanceof Error &&
    'code' in error.cause &&
    error.cause.code === 'ENOENT'
  );
}

/** Until it says PONG: while it reads its append-only file it answers LOADING. */
async function answersPing(socket: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    if ((await pingOnce(socket)) === '+PONG') return;
    await sleep(20, undefined, { signal });
  }
}

function pingOnce(path: string): Promise<string> {
  return new Promise(resolve => {
    const connection = connect({ path });
    const answer = (text: string): void => {
      connection.destroy();
      resolve(text);
    };
    connection.setTimeout(1_000, () => {
      answer('timeout');
    });
    connection.once('error', error => {
      answer(error.message);
    });
    connection.once('data', data => {
      answer(data.toString('utf8').trim());
    });
    connection.write('PING\r\n');
  });
}
