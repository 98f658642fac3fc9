import { AppError } from '../platform/errors.ts';
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

/**
 * Turns the addresses of a save into stored files: what was uploaded before is recognised by its name, everything else
 * is fetched now, so that nothing is fetched when a message is sent. When one fails nothing of this save is kept.
 * Throws with a sentence.
 */
export async function keepMedia(
  given: readonly GivenMedia[],
  keptBy: string,
  deps: KeepMediaDeps,
): Promise<DayMedia[]> {
  const deadline = AbortSignal.timeout(FETCH_DEADLINE_MS);
  const results = await Promise.allSettled(given.map(one => keepOne(one, keptBy, deadline, deps)));
  const failed = results.find(result => result.status === 'rejected');
  if (!failed) return results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
  for (const result of results) {
    const fetched =
      result.status === 'fulfilled' && result.value.sourceUrl !== null ? result.value.filename : null;
    if (fetched !== null) await deps.media.remove(fetched);
  }
  throw failed.reason;
}

async function keepOne(
  given: GivenMedia,
  keptBy: string,
  deadline: AbortSignal,
  deps: KeepMediaDeps,
): Promise<DayMedia> {
  const known = await uploaded(given.url, deps);
  if (known) return dayMedia(known, given, null);
  const fetched = await fetchMedia(given.url, deps.outside, deadline);
  try {
    const file = await deps.media.keep(fetched.source, { originalName: fetched.originalName, keptBy });
    return dayMedia(file, given, given.url);
  } finally {
    fetched.close();
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

const dayMedia = (file: StoredMedia, given: GivenMedia, sourceUrl: string | null): DayMedia => ({
  type: file.kind,
  filename: file.filename,
  originalName: file.originalName,
  size: file.size,
  language: given.language,
  sourceUrl,
});
