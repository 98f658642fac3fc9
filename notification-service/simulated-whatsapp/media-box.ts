import { createHash } from 'node:crypto';
import type { MediaInfo, MediaKind, Network } from './network.ts';

const KEPT_BYTES = 64 * 2 ** 20;

/** Notes what an attachment is, and keeps its bytes for the page, the newest 64 MB of them. */
export function keepMedia(
  network: Network,
  media: { kind: MediaKind; mimeType: string; filename: string; base64: string },
): MediaInfo {
  const bytes = Buffer.from(media.base64, 'base64');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  network.media.delete(sha256);
  network.media.set(sha256, { mimeType: media.mimeType, bytes });
  let total = [...network.media.values()].reduce((sum, kept) => sum + kept.bytes.length, 0);
  for (const [key, kept] of network.media) {
    if (total <= KEPT_BYTES || key === sha256) break;
    network.media.delete(key);
    total -= kept.bytes.length;
  }
  return { kind: media.kind, mimeType: media.mimeType, filename: media.filename, size: bytes.length, sha256 };
}
