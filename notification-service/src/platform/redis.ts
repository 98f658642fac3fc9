import { Redis, type RedisOptions } from 'ioredis';

export { Redis };

/** A command that has no answer after this long fails, so that nobody waits for a Redis that is away. */
const COMMAND_TIMEOUT_MS = 5_000;

/**
 * Opens a connection to `redis://…`, `rediss://…` or `unix:///path[?db=n]`. It connects by itself, again and again;
 * a command fails after five seconds without an answer. With `prefix`, the keys of all commands get it (channels of
 * publish and subscribe do not); `createEvents` and `createQueue` take their prefix themselves.
 */
export function openRedis(url: string, options: { prefix?: string; name?: string } = {}): Redis {
  const redis = new Redis({
    ...redisOptionsOf(url),
    maxRetriesPerRequest: null,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectionName: options.name ?? 'relance',
    ...(options.prefix ? { keyPrefix: `${options.prefix}:` } : {}),
  });
  // Without a listener ioredis prints to the console; whoever wants to tell adds another one.
  redis.on('error', () => undefined);
  return redis;
}

/** A connection as Bull asks for it: it waits for Redis however long that takes. */
export function openQueueConnection(url: string): Redis {
  const redis = new QueueConnection({
    ...redisOptionsOf(url),
    maxRetriesPerRequest: null,
    enableReadyCheck: false,
    connectionName: 'relance-queue',
  });
  redis.setMaxListeners(50);
  return redis;
}

/**
 * Bull connects again when it closes, and ioredis subscribes again when a connection is back: both without listening to
 * how that ends, which in a connection that is being closed is a rejection. Whoever awaits a command still gets it.
 */
class QueueConnection extends Redis {
  override connect(): Promise<void> {
    return super.connect().catch(() => undefined); // it goes on trying, and tells by its `error` event
  }

  override sendCommand(...given: Parameters<Redis['sendCommand']>): unknown {
    given[0].promise.catch(() => undefined);
    return super.sendCommand(...given);
  }
}

/** Ends a connection, politely if Redis answers within a second. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'end') return;
  const ended = new Promise(resolve => redis.once('end', resolve));
  await Promise.race([redis.quit().catch(() => undefined), timer(1_000)]);
  redis.disconnect();
  await Promise.race([ended, timer(200)]);
}

const timer = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms).unref();
  });

/** What a URL says, as ioredis options. Throws on another scheme. */
export function redisOptionsOf(url: string): RedisOptions {
  const parsed = new URL(url);
  const db = Number(parsed.searchParams.get('db') ?? '0');
  const retryStrategy = (times: number) => Math.min(50 * 2 ** Math.min(times, 6), 2_000);
  if (parsed.protocol === 'unix:') return { path: decodeURIComponent(parsed.pathname), db, retryStrategy };
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') {
    throw new Error('A Redis URL begins with redis://, rediss:// or unix://.');
  }
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    db: parsed.pathname.length > 1 ? Number(parsed.pathname.slice(1)) : db,
    ...(parsed.username ? { username: decodeURIComponent(parsed.username) } : {}),
    ...(parsed.password ? { password: decodeURIComponent(parsed.password) } : {}),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
    retryStrategy,
  };
}
