import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Program {
  /** What the program said about where it answers. */
  url: string;
  /** Rejects when the program ends before it is stopped. */
  died: Promise<never>;
  /** Warnings and errors it wrote. */
  complaints: string[];
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 20_000;

/** Starts one of the product's own programs as a process; resolves once a line of its output has the address `urlIn` finds. */
export async function startProgram(options: {
  name: string;
  args: readonly string[];
  environment: Record<string, string>;
  urlIn: (line: Record<string, unknown>) => unknown;
}): Promise<Program> {
  const { name, args, environment, urlIn } = options;
  // A process group of its own: Ctrl-C reaches the demo alone, which stops its programs in order.
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const complaints: string[] = [];
  let stopping = false;
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const died = new Promise<never>((_, reject) => {
    child.once('exit', () => {
      if (!stopping)
        reject(new Error(`${name} ended by itself (${child.exitCode ?? child.signalCode ?? '?'}).`));
    });
  });
  died.catch(() => undefined);
  createInterface(child.stderr).on('line', line => complaints.push(line));
  const ready = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', text => {
      const line = readLine(text);
      if (line['level'] === 'warn' || line['level'] === 'error') complaints.push(text);
      const url = urlIn(line);
      if (typeof url === 'string') resolve(url);
    });
    child.once('error', reject);
    setTimeout(() => reject(new Error(`${name} did not answer in time.`)), READY_WITHIN_MS).unref();
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    child.kill('SIGTERM');
    const insist = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await exited;
    clearTimeout(insist);
  };
  try {
    return { url: await Promise.race([ready, died]), died, complaints, stop };
  } catch (error) {
    await stop();
    throw new Error(`${name} could not be started.\n${complaints.join('\n')}`, { cause: error });
  }
}

function readLine(text: string): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === 'object' && found !== null ? { ...found } : {};
  } catch {
    return {};
  }
}
