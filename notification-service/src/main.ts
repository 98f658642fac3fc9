import { createApp } from './app.ts';
import { monotonicNowMs } from './platform/clock.ts';
import { isEmbedded } from './platform/embedded.ts';
import { ConfigError, parseConfig } from './platform/config.ts';
import { createLogger } from './platform/logger.ts';
import type { Logger } from './platform/logger.ts';
import { runEmbedded } from './run-embedded.ts';
import type { EmbeddedRun } from './run-embedded.ts';

/** The process: environment, start, signals, exit code. */
async function main(): Promise<void> {
  const stop = listenForSignals();
  const embedded = isEmbedded(process.env)
    ? await runEmbedded({ environment: process.env, args: process.argv.slice(2), logger: loggerAt('info') })
    : null;
  try {
    if (!stop.asked()) await serve(embedded, stop);
  } finally {
    await embedded?.stop();
  }
}

/** Until a signal, also one that comes during the start. */
async function serve(embedded: EmbeddedRun | null, stop: Stop): Promise<void> {
  const config = parseConfig(embedded?.environment ?? process.env);
  const app = await createApp(config, {
    logger: loggerAt(config.LOG_LEVEL),
    path: process.env['PATH'],
  });
  try {
    const { url } = await app.start();
    if (!stop.asked()) await embedded?.welcome(url);
    await stop.signal;
  } finally {
    await app.close();
  }
}

const loggerAt = (level: 'error' | 'warn' | 'info' | 'debug'): Logger =>
  createLogger({ level, pretty: process.stdout.isTTY });

interface Stop {
  asked(): boolean;
  /** Resolves at the first signal. */
  signal: Promise<void>;
}

/** Ctrl-C may reach us twice at once: from the terminal, and passed on by npm. */
const ONE_KEYSTROKE_MS = 500;

/** SIGTERM and SIGINT end the service in order; whoever sends another ends it at once. */
function listenForSignals(): Stop {
  let firstMs: number | null = null;
  const signal = new Promise<void>(resolve => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        firstMs ??= monotonicNowMs();
        if (monotonicNowMs() - firstMs > ONE_KEYSTROKE_MS) process.exit(1);
        resolve();
      });
    }
  });
  return { asked: () => firstMs !== null, signal };
}

// A library that forgets a promise must not take the members' sessions with it.
process.on('unhandledRejection', error => {
  loggerAt('error').error('A promise was rejected and nobody listened.', { error });
});

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof ConfigError || error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
