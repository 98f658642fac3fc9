import { createApp } from './app.ts';
import { isEmbedded } from './platform/embedded.ts';
import { ConfigError, parseConfig } from './platform/config.ts';
import { createLogger } from './platform/logger.ts';
import type { Logger } from './platform/logger.ts';
import { runEmbedded } from './run-embedded.ts';

/** The process: environment, start, signals, exit code. */
async function main(): Promise<void> {
  const embedded = isEmbedded(process.env)
    ? await runEmbedded({ environment: process.env, args: process.argv.slice(2), logger: loggerAt('info') })
    : null;
  try {
    const config = parseConfig(embedded?.environment ?? process.env);
    const app = await createApp(config, {
      logger: loggerAt(config.LOG_LEVEL),
      path: process.env['PATH'],
    });
    const ended = untilSignal();
    const { url } = await app.start();
    await embedded?.welcome(url);
    await ended;
    await app.close();
  } finally {
    await embedded?.stop();
  }
}

const loggerAt = (level: 'error' | 'warn' | 'info' | 'debug'): Logger =>
  createLogger({ level, pretty: process.stdout.isTTY });

/** SIGTERM and SIGINT end the service in order; a second one ends it at once. */
function untilSignal(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve();
      });
    }
  });
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
