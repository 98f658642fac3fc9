/** The most recently used files, up to so many bytes in all. */
export interface MediaCache<T extends { bytes: Buffer }> {
  get(filename: string): T | undefined;
  put(filename: string, media: T): void;
}

export function createMediaCache<T extends { bytes: Buffer }>(maxBytes: number): MediaCache<T> {
  // A Map keeps the order of insertion: the first is the one used longest ago.
  const kept = new Map<string, T>();
  let bytes = 0;
  const drop = (filename: string): void => {
    bytes -= kept.get(filename)?.bytes.length ?? 0;
    kept.delete(filename);
  };
  return {
    get(filename) {
      const media = kept.get(filename);
      if (media) {
        kept.delete(filename);
        kept.set(filename, media);
      }
      return media;
    },
    put(filename, media) {
      drop(filename);
      if (media.bytes.length > maxBytes) return;
      kept.set(filename, media);
      bytes += media.bytes.length;
      for (const oldest of kept.keys()) {
        if (bytes <= maxBytes) break;
        drop(oldest);
      }
    },
  };
}
