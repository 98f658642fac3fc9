import { fileTypeFromBuffer } from 'file-type';
import type { MediaKind } from '../channels/index.ts';
import { AppError } from '../platform/errors.ts';

const MB = 1024 * 1024;
const LIMITS: Readonly<Record<MediaKind, { megabytes: number; what: string }>> = {
  image: { megabytes: 5, what: 'An image' },
  video: { megabytes: 16, what: 'A video' },
  audio: { megabytes: 16, what: 'An audio file' },
  document: { megabytes: 50, what: 'A PDF' },
};
export const LARGEST_BYTES = 50 * MB;
/** The kind shows within this many first bytes. */
export const HEAD_BYTES = 64 * 1024;

export const limitOf = (kind: MediaKind): number => LIMITS[kind].megabytes * MB;

export const tooLarge = (kind: MediaKind): AppError =>
  new AppError('payload_too_large', `${LIMITS[kind].what} can have at most ${LIMITS[kind].megabytes} MB.`);

export const notSendable = (): AppError =>
  new AppError(
    'unsupported_media_type',
    'Only images (JPEG, PNG, WebP, GIF), videos (MP4, 3GP, MOV), audio (MP3, OGG, M4A, AAC, AMR, WAV) and PDF files can be sent.',
  );

export interface MediaType {
  kind: MediaKind;
  mimeType: string;
  extension: string;
}

/** What a file is by its first bytes, whatever its name or sender says; null for what WhatsApp does not take. */
export async function mediaTypeOf(head: Uint8Array): Promise<MediaType | null> {
  const found = await fileTypeFromBuffer(head).catch(() => undefined); // cut in the middle of a structure
  const mimeType = found?.mime.split(';')[0] ?? (startsWithId3(head) ? 'audio/mpeg' : '');
  const known = TYPES[mimeType];
  return known ? { kind: known[0], mimeType: known[2] ?? mimeType, extension: known[1] } : null;
}

/** An MP3 whose cover picture is larger than the head. */
const startsWithId3 = (head: Uint8Array): boolean =>
  Buffer.from(head.subarray(0, 3)).toString('latin1') === 'ID3';

/** Sniffed type → kind, extension, and the type that is sent where it differs. */
const TYPES: Readonly<Record<string, readonly [MediaKind, string, string?]>> = {
  'image/jpeg': ['image', 'jpg'],
  'image/png': ['image', 'png'],
  'image/apng': ['image', 'png', 'image/png'],
  'image/webp': ['image', 'webp'],
  'image/gif': ['image', 'gif'],
  'video/mp4': ['video', 'mp4'],
  'video/x-m4v': ['video', 'mp4', 'video/mp4'],
  'video/3gpp': ['video', '3gp'],
  'video/quicktime': ['video', 'mov'],
  'audio/mpeg': ['audio', 'mp3'],
  'audio/ogg': ['audio', 'ogg'],
  'audio/mp4': ['audio', 'm4a'],
  'audio/x-m4a': ['audio', 'm4a', 'audio/mp4'],
  'audio/aac': ['audio', 'aac'],
  'audio/amr': ['audio', 'amr'],
  'audio/wav': ['audio', 'wav'],
  'application/pdf': ['document', 'pdf'],
};
