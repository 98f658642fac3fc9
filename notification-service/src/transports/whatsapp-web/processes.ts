import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';

/** One process as the kernel lists it. */
interface Listed {
  pid: number;
  parent: number;
  group: number;
  isZombie: boolean;
}

/** Ends a process group: asked first, killed after `graceMs`; resolves when the leader is gone. */
export async function endGroup(leader: ChildProcess, graceMs: number): Promise<void> {
  const isOver = (): boolean => leader.exitCode !== null || leader.signalCode !== null;
  const exited = new Promise<void>(resolve => leader.once('exit', () => resolve()));
  const { pid } = leader;
  if (pid === undefined) return;
  if (!isOver()) {
    signalGroup(pid, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
    if (!isOver()) await exited;
    clearTimeout(timer);
  }
  // The leader is gone; what it leaves behind in its group is not asked.
  signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Kills browsers that an earlier process of ours has left behind with this profile. Returns how many. */
export async function killLeftovers(profileDir: string): Promise<number> {
  const argument = `--user-data-dir=${profileDir}`;
  let killed = 0;
  for (const { pid, isZombie } of await listProcesses()) {
    if (isZombie || pid === process.pid) continue;
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!commandLine.split('\0').includes(argument)) continue;
    try {
      process.kill(pid, 'SIGKILL');
      killed += 1;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return killed;
}

/** Proportional memory of a process and everything below it, in bytes; what has ended meanwhile counts nothing. */
export async function memoryOfTree(rootPid: number): Promise<number> {
  const all = await listProcesses();
  const tree = new Set([rootPid]);
  // Children may be listed before their parents.
  for (let grew = true; grew;) {
    const found = all.filter(
      ({ pid, parent, group }) => !tree.has(pid) && (tree.has(parent) || group === rootPid),
    );
    for (const { pid } of found) tree.add(pid);
    grew = found.length > 0;
  }
  const sizes = await Promise.all([...tree].map(memoryOf));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

async function memoryOf(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
}

/** All processes of this machine; none where there is no `/proc`. */
async function listProcesses(): Promise<Listed[]> {
  const names = await readdir('/proc').catch(() => []);
  const found = await Promise.all(
    names
      .filter(name => /^\d+$/.test(name))
      .map(async name => {
        const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
        // The name in brackets may hold anything.
        const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (state === undefined || state === '') return [];
        return [{ pid: Number(name), parent: Number(parent), group: Number(group), isZombie: state === 'Z' }];
      }),
  );
  return found.flat();
}

const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ESRCH';
