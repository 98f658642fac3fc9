import { mkdir, open, readdir, readFile, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TransportError } from '../../channels/transport.ts';
import { killLeftovers } from './processes.ts';

/** The private directory of one channel while its session is awake; the browser's profile is in `session/` below it. */
export interface Profile {
  readonly dir: string;
  readonly sessionDir: string;
  /** Deletes the login. The browser must be gone. */
  wipe(): Promise<void>;
  /** Another process may open it from now on. */
  release(): Promise<void>;
}

/** The directory of a channel. Its id becomes a file name, so nothing else may be in it. */
export function profileDirOf(dataDir: string, channelId: string): string {
  if (!/^[\w-]{1,128}$/.test(channelId)) throw new Error('A channel id cannot be made into a file name.');
  return join(dataDir, channelId);
}

/**
 * Takes a channel's directory for this process: locked, without browsers that an earlier process has left running,
 * and without their stale locks. Rejects with a {@link TransportError} while another living process has it.
 */
export async function takeProfile(dataDir: string, channelId: string): Promise<Profile> {
  const dir = profileDirOf(dataDir, channelId);
  const sessionDir = join(dir, 'session');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const lock = join(dir, 'owner');
  await takeLock(lock);
  // The lock is ours and no browser is left: whatever lock is in the profile has no owner.
  await killLeftovers(sessionDir);
  await removeStaleLocks(sessionDir);
  return {
    dir,
    sessionDir,
    wipe: () => removeTree(sessionDir),
    release: () => rm(lock, { force: true }),
  };
}

/** Deletes everything that is kept of a channel that is not open. */
export async function removeProfile(dataDir: string, channelId: string): Promise<void> {
  const dir = profileDirOf(dataDir, channelId);
  await killLeftovers(join(dir, 'session'));
  await removeTree(dir);
}

const removeTree = (dir: string): Promise<void> =>
  rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });

async function removeStaleLocks(sessionDir: string): Promise<void> {
  const names = await readdir(sessionDir).catch(() => []);
  const stale = names.filter(name => name.startsWith('Singleton'));
  await Promise.all(stale.map(name => rm(join(sessionDir, name), { force: true })));
}

async function takeLock(file: string): Promise<void> {
  const own = `${process.pid} ${await startOf(process.pid)}`;
  for (let tries = 0; tries < 3; tries += 1) {
    try {
      const handle = await open(file, 'wx', 0o600);
      await handle.writeFile(own);
      await handle.close();
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const [pid = '', start = ''] = (await readFile(file, 'utf8').catch(() => '')).split(' ');
    if (pid !== '' && start !== '' && (await startOf(Number(pid))) === start) {
      throw new TransportError('in_use', 'Another process of this machine has this WhatsApp open.');
    }
    await unlink(file).catch(() => undefined);
  }
  throw new TransportError('in_use', 'Another process of this machine is opening this WhatsApp.');
}

/** When a process began, in the kernel's own units: a pid alone may belong to somebody else by now. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
