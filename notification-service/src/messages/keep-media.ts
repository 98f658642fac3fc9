import { AppError, ERROR_STATUS } from '../platform/errors.ts';
import { fetchMedia, type FetchOutside } from './fetch-media.ts';
import type { DayMedia } from './message-model.ts';
import { isMediaFilename, type MediaStore, type StoredMedia } from './media-store.ts';
import type { GivenMedia } from './message-schemas.ts';

export const MEDIA_PATH = '/api/relance/media/';

export interface KeepMediaDeps {
  media: MediaStore;
  outside: FetchOutside;
  /** The address people reach this service by, without a slash at its end. */
  baseUrl: string;
}

/** All addresses of one save together, machine time. */
const FETCH_DEADLINE_MS = 60_000;

export interface KeptMedia {
  media: DayMedia[];
  /** Removes what was fetched for this save, and nothing that was there before. */
  undo: () => Promise<void>;
}

/**
 * Turns the addresses of a save into stored files: what was uploaded before is recognised by its name, everything else
 * is fetched now, so that nothing is fetched when a message is sent. When one fails nothing of this save is kept.
 * Throws with a sentence.
 */
export async function keepMedia(
  given: readonly GivenMedia[],
  keptBy: string,
  deps: KeepMediaDeps,
): Promise<KeptMedia> {
  const deadline = AbortSignal.timeout(FETCH_DEADLINE_MS);
  const fetched: string[] = [];
  const undo = async (): Promise<void> => {
    for (const filename of fetched) await deps.media.remove(filename);
  };
  const keepOne = async ({ url, language, sourceUrl }: GivenMedia): Promise<DayMedia> => {
    const known = await uploaded(url, deps);
    if (known) return dayMedia(known, language, sourceUrl);
    const file = await fetchAndKeep(url, keptBy, deadline, deps);
    fetched.push(file.filename);
    return dayMedia(file, language, url);
  };
  // All are awaited, so that `undo` knows everything that was fetched.
  const results = await Promise.allSettled(given.map(keepOne));
  const failed = results.find(result => result.status === 'rejected');
  if (failed) {
    await undo();
    throw failed.reason;
  }
  return { media: results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : [])), undo };
}

/** A stored file, or a sentence that says why there is none. */
export type KeptOrNot = { file: DayMedia; warning: null } | { file: null; warning: string };

/** The same for one address that may fail: nothing is thrown for an address that cannot be kept. Machine time. */
export async function tryToKeep(
  given: GivenMedia,
  { keptBy, withinMs }: { keptBy: string; withinMs: number },
  deps: KeepMediaDeps,
): Promise<KeptOrNot> {
  try {
    const known = await uploaded(given.url, deps);
    if (known) return { file: dayMedia(known, given.language, null), warning: null };
    const file = await fetchAndKeep(given.url, keptBy, AbortSignal.timeout(withinMs), deps);
    return { file: dayMedia(file, given.language, given.url), warning: null };
  } catch (error) {
    if (error instanceof AppError && ERROR_STATUS[error.code] < 500)
      return { file: null, warning: error.message };
    throw error;
  }
}

async function fetchAndKeep(
  url: string,
  keptBy: string,
  deadline: AbortSignal,
  { media, outside }: KeepMediaDeps,
): Promise<StoredMedia> {
  const { source, originalName, close } = await fetchMedia(url, outside, deadline);
  try {
    return await media.keep(source, { originalName, keptBy });
  } finally {
    close();
  }
}

/** Our own files are found by name, also when the service's address has changed since. */
async function uploaded(url: string, { media, baseUrl }: KeepMediaDeps): Promise<StoredMedia | null> {
  const path = URL.canParse(url, baseUrl) ? new URL(url, baseUrl).pathname : '';
  const filename = path.startsWith(MEDIA_PATH) ? path.slice(MEDIA_PATH.length) : '';
  const file = isMediaFilename(filename) ? await media.find(filename) : null;
  if (!file && (url.startsWith('/') || url.startsWith(`${baseUrl}/`))) {
    throw new AppError(
      'bad_request',
      'An attachment of this message does not exist any more. Please upload it again.',
    );
  }
  return file;
}

const dayMedia = (file: StoredMedia, language: string | null, sourceUrl: string | null): DayMedia => ({
  type: file.kind,
  filename: file.filename,
  originalName: file.originalName,
  size: file.size,
  language,
  sourceUrl,
});
