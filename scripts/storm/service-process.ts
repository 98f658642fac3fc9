import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** One process of the service, which may be killed, frozen and started again under the same name. */
export interface ServiceProcess {
  readonly name: string;
  /** Whether it runs and has said that it is up. */
  isUp(): boolean;
  /** Where it listens, as it said itself; throws before that. */
  url(): string;
  /** Every instance that this process, in all its lives, has ever been. */
  wasEver(instanceId: string): boolean;
  start(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** SIGTERM, then SIGKILL; what is still there of it ends. */
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'notification-service', 'src', 'main.ts');
const UP_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 20_000;

export function createServiceProcess(options: {
  name: string;
  environment: Record<string, string>;
  /** Everything it says goes to this file. */
  logFile: string;
}): ServiceProcess {
  const instances = new Set<string>();
  let child: ChildProcess | null = null;
  let up = false;
  let listensAt: string | null = null;
  process.once('exit', () => child?.kill('SIGKILL'));

  const note = (line: string): void => {
    const instanceId = /"instanceId":"([0-9a-f]{24})"/.exec(line)?.[1];
    if (instanceId !== undefined && line.includes('An instance begins.')) instances.add(instanceId);
  };

  async function start(): Promise<void> {
    const started = spawn(process.execPath, ['--import', 'tsx', MAIN], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    const said = new Promise<void>((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`${options.name} did not come up.`)), UP_WITHIN_MS);
      eachLine(started, line => {
        appendFileSync(options.logFile, `${line}\n`);
        note(line);
        if (!line.includes('The service is up.')) return;
        listensAt = /"url":"([^"]+)"/.exec(line)?.[1] ?? null;
        up = true;
        clearTimeout(deadline);
        resolve();
      });
      started.once('exit', () => {
        if (child === started) up = false;
        clearTimeout(deadline);
        reject(new Error(`${options.name} ended before it was up; see ${options.logFile}.`));
      });
    });
    await said;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child;
    up = false;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = new Promise<void>(resolve => void ending.once('exit', () => resolve()));
    ending.kill(signal);
    const insist = setTimeout(() => ending.kill('SIGKILL'), STOP_WITHIN_MS);
    await gone;
    clearTimeout(insist);
  }

  return {
    name: options.name,
    isUp: () => up,
    url() {
      if (listensAt === null) throw new Error(`${options.name} has not said where it listens.`);
      return listensAt;
    },
    wasEver: instanceId => instances.has(instanceId),
    start,
    kill: () => end('SIGKILL'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async stop() {
      child?.kill('SIGCONT');
      await end('SIGTERM');
    },
  };
}

function eachLine(child: ChildProcess, take: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(take);
    });
  }
}
