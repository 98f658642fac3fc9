import type { Redis } from './redis.ts';

type Listener = (message: string) => void;

export interface Subscriber {
  /** Resolves once Redis has the subscription. `onReturn` is called when the connection has been away and is back. */
  listen(channel: string, listener: Listener, onReturn?: () => Promise<void>): Promise<() => void>;
  close(): Promise<void>;
}

interface Channel {
  listeners: Map<symbol, { listener: Listener; onReturn: (() => Promise<void>) | undefined }>;
  subscribed: boolean;
  /** Subscribe and unsubscribe of one channel, one after the other. */
  queue: Promise<void>;
}

/** One connection for all the channels that this process listens to, opened at the first. */
export function createSubscriber(redis: Redis, onProblem: (error: unknown) => void): Subscriber {
  const channels = new Map<string, Channel>();
  let connection: Redis | null = null;
  let closed = false;

  const connect = (): Redis => {
    if (connection) return connection;
    connection = redis.duplicate({
      enableReadyCheck: false,
      autoResubscribe: false, // `returned` does it
      connectionName: 'relance-events',
    });
    let before = false;
    connection.on('error', onProblem);
    connection.on('message', (name: string, message: string) => {
      for (const { listener } of channels.get(name)?.listeners.values() ?? [])
        safely(() => listener(message));
    });
    connection.on('ready', () => {
      if (before) returned();
      before = true;
    });
    return connection;
  };
  const safely = (run: () => void) => {
    try {
      run();
    } catch (error) {
      onProblem(error);
    }
  };
  /** Subscribes again, after which nothing is missed. */
  const returned = () => {
    for (const [name, channel] of channels) {
      channel.subscribed = false;
      settle(name, channel)
        .then(async () => {
          for (const { onReturn } of channel.listeners.values()) await onReturn?.();
        })
        .catch(onProblem);
    }
  };
  /** Brings Redis to what the listeners want. */
  const settle = (name: string, channel: Channel): Promise<void> => {
    const work = async () => {
      const wanted = channel.listeners.size > 0 && !closed;
      if (wanted && !channel.subscribed) {
        await connect().subscribe(name);
        channel.subscribed = true;
      } else if (!wanted && channel.subscribed) {
        channel.subscribed = false;
        if (!closed) await connect().unsubscribe(name);
      }
      if (channel.listeners.size === 0) channels.delete(name);
    };
    const result = channel.queue.then(work);
    channel.queue = result.catch(() => undefined);
    return result;
  };

  return {
    async listen(name, listener, onReturn) {
      if (closed) throw new Error('The event connection is closed.');
      const channel = channels.get(name) ?? {
        listeners: new Map(),
        subscribed: false,
        queue: Promise.resolve(),
      };
      channels.set(name, channel);
      const key = Symbol(name);
      channel.listeners.set(key, { listener, onReturn });
      const stop = () => {
        if (channel.listeners.delete(key)) settle(name, channel).catch(onProblem);
      };
      await settle(name, channel).catch((error: unknown) => {
        stop();
        throw error;
      });
      return stop;
    },
    close: async () => {
      closed = true;
      channels.clear();
      connection?.disconnect();
      await Promise.resolve();
    },
  };
}
