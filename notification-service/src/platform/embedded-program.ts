import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type EmbeddedLogger, type SupervisedChild, superviseChild } from './embedded-child.ts';

export interface EmbeddedProgram extends SupervisedChild {
  /** Where it listens; the same after every restart. */
  readonly url: string;
}

/**
 * A TypeScript program of this project as a supervised child. It is given `--port`, listens on loopback, and says so
 * with one line of JSON, `{"listening":"http://…"}`, on its standard output.
 */
export async function startEmbeddedProgram(options: {
  name: string;
  /** The program's file, absolute. */
  path: string;
  args: readonly string[];
  /** Taken if it is free, so that an address in a browser stays right over restarts. */
  preferredPort: number;
  dir: string;
  logger: EmbeddedLogger;
}): Promise<EmbeddedProgram> {
  const port = (await freePort(options.preferredPort)) ?? (await freePort(0)) ?? 0;
  const child = await superviseChild({
    name: options.name,
    command: process.execPath,
    args: ['--import', import.meta.resolve('tsx'), options.path, '--port', String(port), ...options.args],
    pidFile: join(options.dir, `${options.name}.pid`),
    ready: saysListening,
    logger: options.logger,
  });
  return { ...child, url: `http://127.0.0.1:${port}` };
}

function saysListening(child: ChildProcess, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer): void => {
      said += chunk.toString('utf8');
      if (/^\{"listening":.*\n/m.test(said)) end(resolve);
    };
    const end = (settle: () => void): void => {
      child.stdout?.off('data', listen);
      settle();
    };
    child.stdout?.on('data', listen);
    signal.addEventListener('abort', () => {
      end(() => {
        reject(new Error('it did not say where it listens'));
      });
    });
  });
}

/** The port, if nobody listens on it now; 0 asks for any. */
function freePort(port: number): Promise<number | undefined> {
  return new Promise(resolve => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(undefined);
    });
    probe.listen({ port, host: '127.0.0.1' }, () => {
      const address = probe.address();
      probe.close(() => {
        resolve(typeof address === 'object' ? address?.port : undefined);
      });
    });
  });
}
