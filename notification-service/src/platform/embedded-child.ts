import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicNowMs } from './clock.ts';
import { endLeftover } from './embedded-leftover.ts';
import { processIdentity } from './embedded-process.ts';

/** What the embedded parts need of a logger. */
export interface EmbeddedLogger {
  info(message: string, fields?: Record<string, unknown>): unknown;
  warn(message: string, fields?: Record<string, unknown>): unknown;
  error(message: string, fields?: Record<string, unknown>): unknown;
}

export interface ChildPlan {
  /** For people: `mongod`, `redis-server`. */
  name: string;
  command: string;
  args: readonly string[];
  /** The child's whole environment; our own when absent. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Where the child's identity is written, so that a later start can end it if we could not. */
  pidFile: string;
  /** Resolves once the child serves; asked again after every restart; rejects when it never will. */
  ready: (child: ChildProcess, signal: AbortSignal) => Promise<void>;
  logger: EmbeddedLogger;
  readyWithinMs?: number;
  stopWithinMs?: number;
}

export interface SupervisedChild {
  pid: () => number;
  /** Stops and starts it again, as its supervisor would after a crash. */
  restart: () => Promise<void>;
  stop: () => Promise<void>;
}

const BACKOFF_FIRST_MS = 250;
const BACKOFF_LONGEST_MS = 30_000;
const HEALTHY_AFTER_MS = 60_000;

/**
 * Starts a child process and keeps it running: whenever it dies it is started again, with growing pauses and a line
 * in the log, until `stop()`. Rejects, with the end of what the child said, when the first start fails.
 */
export async function superviseChild(plan: ChildPlan): Promise<SupervisedChild> {
  const leftover = await endLeftover(plan.pidFile);
  if (leftover)
    plan.logger.warn(`Ended a ${plan.name} that an earlier run had left behind`, { pid: leftover });

  const stopping = new AbortController();
  const stopped = (): boolean => stopping.signal.aborted;
  const pause = (ms: number): Promise<unknown> =>
    sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
  let current = await startOnce(plan, stopping.signal);
  let beingReplaced: Started | undefined;

  const startAgain = async (): Promise<void> => {
    const started = await startOnce(plan, stopping.signal).catch((error: unknown) => {
      if (!stopped()) plan.logger.error(`${plan.name} does not come up`, { reason: String(error) });
    });
    if (!started) return;
    current = started;
    plan.logger.warn(`${plan.name} runs again`, { pid: started.pid });
  };
  const keepAlive = async (): Promise<void> => {
    let backoffMs = BACKOFF_FIRST_MS;
    while (!stopped()) {
      const before = current;
      const sinceMs = monotonicNowMs();
      await before.exited;
      if (monotonicNowMs() - sinceMs > HEALTHY_AFTER_MS) backoffMs = BACKOFF_FIRST_MS;
      if (beingReplaced === before) await startAgain();
      else if (!stopped()) plan.logger.error(`${plan.name} died and is started again`, before.ending());
      while (current === before && !stopped()) {
        await pause(backoffMs);
        backoffMs = Math.min(backoffMs * 2, BACKOFF_LONGEST_MS);
        if (!stopped()) await startAgain();
      }
    }
    await endChild(current, plan.stopWithinMs);
  };
  const keptAlive = keepAlive();

  return {
    pid: () => current.pid,
    restart: async () => {
      const before = current;
      beingReplaced = before;
      await endChild(before, plan.stopWithinMs);
      while (current === before && !stopped()) await sleep(20);
    },
    stop: async () => {
      stopping.abort();
      await endChild(current, plan.stopWithinMs);
      await keptAlive;
      rmSync(plan.pidFile, { force: true });
    },
  };
}

interface Started {
  pid: number;
  process: ChildProcess;
  exited: Promise<void>;
  ending(): { exitCode: number | null; signal: string | null; lastWords: string };
}

async function startOnce(plan: ChildPlan, signal: AbortSignal): Promise<Started> {
  // Its own process group: Ctrl-C at the terminal reaches us alone, and we stop our children in order.
  const child = spawn(plan.command, plan.args, {
    cwd: plan.cwd,
    env: plan.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let lastWords = '';
  const listen = (chunk: Buffer): void => {
    lastWords = (lastWords + chunk.toString('utf8')).slice(-2_000);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  failed.catch(() => undefined);
  const exited = new Promise<void>(resolve => {
    child.once('exit', () => {
      resolve();
    });
  });
  const started: Started = {
    pid: child.pid ?? 0,
    process: child,
    exited,
    ending: () => ({ exitCode: child.exitCode, signal: child.signalCode, lastWords: lastWords.trim() }),
  };
  if (child.pid) writeFileSync(plan.pidFile, JSON.stringify(processIdentity(child.pid)), { mode: 0o600 });

  const givingUp = new AbortController();
  const readyWithinMs = plan.readyWithinMs ?? 30_000;
  const deadline = setTimeout(() => {
    givingUp.abort(new Error(`it did not answer within ${readyWithinMs / 1000} s`));
  }, readyWithinMs);
  try {
    await Promise.race([
      plan.ready(child, AbortSignal.any([signal, givingUp.signal])),
      failed,
      exited.then(() => {
        throw new Error(`${plan.name} ended before it was ready`);
      }),
    ]);
  } catch (error) {
    await endChild(started, plan.stopWithinMs);
    const cause: unknown = givingUp.signal.aborted ? givingUp.signal.reason : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${plan.name} could not be started: ${reason}. ${lastWords.trim()}`.trim(), {
      cause: error,
    });
  } finally {
    clearTimeout(deadline);
    givingUp.abort();
  }
  return started;
}

async function endChild(started: Started, withinMs = 20_000): Promise<void> {
  if (started.process.exitCode !== null || started.process.signalCode !== null || !started.process.pid)
    return;
  started.process.kill('SIGTERM');
  const insist = setTimeout(() => started.process.kill('SIGKILL'), withinMs);
  await started.exited;
  clearTimeout(insist);
}
