import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TransportError } from '../../channels/transport.ts';
import { SealError } from '../../platform/crypto.ts';
import type { LeftBehind } from './core.ts';
import { whatWasThrown } from './failures.ts';
import { profileDirOf, removeProfile, takeProfile, type Profile } from './profile.ts';
import { hasLoginFiles } from './vault-archive.ts';
import type { Vault } from './vault.ts';

/** The profile of an awake session. */
export interface KeptProfile {
  dir: string;
  /** Null when nothing is known of before. */
  takenInUntil: Date | null;
  /** Once its browser is gone: seals it if it holds a login; nothing of it is left in clear. */
  putAway(left: LeftBehind): Promise<void>;
}

/** Profiles: awake ones in clear in a private directory, all others sealed in the vault. */
export interface ProfileKeeper {
  /** Rejects with a {@link TransportError}. */
  take(channelId: string, expectLogin: boolean): Promise<KeptProfile>;
  /** Seals or removes what sessions of a process that was killed have left in clear. Never rejects. */
  sweep(): Promise<void>;
  forget(channelId: string): Promise<void>;
}

/** What lies beside a profile in clear, to know whether it is still the channel's newest. */
interface Note {
  openToken: string;
  takenInUntil: string | null;
}

export function createProfileKeeper(deps: {
  dataDir: string;
  vault: Vault;
  browserMajor(): Promise<number>;
  logger: { warn(message: string, fields: Record<string, unknown>): unknown };
}): ProfileKeeper {
  const { dataDir, vault, logger } = deps;
  const noteFile = (dir: string): string => join(dir, 'awake');

  async function seal(
    channelId: string,
    profile: Profile,
    openToken: string,
    takenInUntil: Date,
  ): Promise<void> {
    if (!(await hasLoginFiles(profile.sessionDir))) return;
    const browserMajor = await deps.browserMajor();
    const isKept = await vault.sleep(channelId, profile.sessionDir, {
      openToken,
      browserMajor,
      takenInUntil,
    });
    if (!isKept)
      logger.warn('A profile was not kept: the channel was opened elsewhere since.', { channelId });
  }

  async function putAway(
    channelId: string,
    profile: Profile,
    openToken: string,
    { hasLogin, takenInUntil }: LeftBehind,
  ): Promise<void> {
    try {
      if (hasLogin) await seal(channelId, profile, openToken, takenInUntil);
    } catch (error) {
      // It stays where it is: the next start, here or of the whole service, finds it.
      await profile.release();
      throw error;
    }
    await rm(profile.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** What a session that could not be put away has left here, if it is still the newest there is. */
  async function leftHere(channelId: string, profile: Profile): Promise<Note | null> {
    const note = await readNote(noteFile(profile.dir));
    if (!note || !(await hasLoginFiles(profile.sessionDir))) return null;
    return (await vault.isCurrent(channelId, note.openToken)) ? note : null;
  }

  async function prepare(channelId: string, profile: Profile, expectLogin: boolean): Promise<Note> {
    const left = expectLogin ? await leftHere(channelId, profile) : null;
    if (left) return left;
    await profile.wipe();
    if (!expectLogin) return { openToken: await vault.claim(channelId), takenInUntil: null };
    const woken = await vault.wake(channelId, profile.sessionDir, await deps.browserMajor());
    return { openToken: woken.openToken, takenInUntil: woken.takenInUntil?.toISOString() ?? null };
  }

  return {
    async take(channelId, expectLogin) {
      const profile = await takeProfile(dataDir, channelId);
      try {
        const note = await prepare(channelId, profile, expectLogin);
        await writeFile(noteFile(profile.dir), JSON.stringify(note), { mode: 0o600 });
        return {
          dir: profile.dir,
          takenInUntil: note.takenInUntil === null ? null : new Date(note.takenInUntil),
          putAway: left => putAway(channelId, profile, note.openToken, left),
        };
      } catch (error) {
        await profile.release();
        if (error instanceof TransportError) throw error;
        const sentence =
          error instanceof SealError
            ? 'The stored login of this channel cannot be opened.'
            : 'The stored login of this channel could not be read.';
        throw new TransportError('launch', sentence, { cause: error });
      }
    },
    async sweep() {
      for (const channelId of await leftovers(dataDir)) {
        try {
          const profile = await takeProfile(dataDir, channelId);
          const note = await leftHere(channelId, profile);
          const until = note?.takenInUntil ?? null;
          const left = { hasLogin: note !== null, takenInUntil: new Date(until ?? 0) };
          await putAway(channelId, profile, note?.openToken ?? '', left);
        } catch (error) {
          if (error instanceof TransportError && error.reason === 'in_use') continue;
          logger.warn('A profile that was left in clear could not be put away.', {
            channelId,
            error: whatWasThrown(error),
          });
        }
      }
    },
    async forget(channelId) {
      await vault.remove(channelId);
      await removeProfile(dataDir, channelId);
    },
  };
}

async function leftovers(dataDir: string): Promise<string[]> {
  const names = await readdir(dataDir).catch(() => []);
  const isProfile = async (name: string): Promise<boolean> => {
    if (!/^[\w-]{1,128}$/.test(name)) return false;
    const dir = profileDirOf(dataDir, name);
    const found = await Promise.all(
      ['awake', 'owner', 'session'].map(part => stat(join(dir, part)).catch(() => null)),
    );
    return found.some(part => part !== null);
  };
  const flags = await Promise.all(names.map(isProfile));
  return names.filter((_, at) => flags[at]);
}

async function readNote(file: string): Promise<Note | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    const { openToken, takenInUntil } = JSON.parse(text) as Partial<Note>;
    return typeof openToken === 'string' ? { openToken, takenInUntil: takenInUntil ?? null } : null;
  } catch {
    return null;
  }
}
