import { createMediaCache } from './media-cache.ts';
import type { MediaStore } from './media-store.ts';
import type { LoadedMedia, LoadMedia } from './render-day.ts';

const CACHE_BYTES = 64 * 1024 * 1024;

/** Whole files for sending; the same few go out to everybody, so the last ones are kept. Files never change. */
export function createLoadMedia(store: MediaStore): LoadMedia {
  const cache = createMediaCache<LoadedMedia>(CACHE_BYTES);
  return async filename => {
    const cached = cache.get(filename);
    if (cached) return cached;
    const file = await store.find(filename);
    if (!file) return null;
    const chunks: Buffer[] = [];
    for await (const chunk of store.read(filename)) chunks.push(chunk as Buffer);
    const media: LoadedMedia = {
      kind: file.kind,
      mimeType: file.mimeType,
      filename: file.originalName,
      bytes: Buffer.concat(chunks),
    };
    cache.put(filename, media);
    return media;
  };
}
