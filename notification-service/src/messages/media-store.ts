import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type { MediaKind } from '../channels/index.ts';
import type { Clock } from '../platform/clock.ts';
import { GridFSBucket, type Db } from '../platform/mongo.ts';
import { newToken } from '../platform/random.ts';
import { HEAD_BYTES, limitOf, mediaTypeOf, notSendable, tooLarge } from './media-kind.ts';
import { AppError } from '../platform/errors.ts';

export interface StoredMedia {
  /** Unguessable, with an extension that fits the content. */
  filename: string;
  kind: MediaKind;
  mimeType: string;
  originalName: string;
  size: number;
}

export interface MediaStore {
  /**
   * Keeps a file, its kind decided by content. Throws `unsupported_media_type` or `payload_too_large` with a sentence,
   * and then keeps nothing.
   */
  keep(source: AsyncIterable<Buffer>, file: { originalName: string; keptBy: string }): Promise<StoredMedia>;
  find(filename: string): Promise<StoredMedia | null>;
  /** `end` is exclusive. */
  read(filename: string, range?: { start: number; end: number }): Readable;
  remove(filename: string): Promise<void>;
}

/** 48 hex characters and an extension: nothing else is ever looked up. */
const FILENAME = /^[0-9a-f]{48}\.[a-z0-9]{3,4}$/;
export const isMediaFilename = (text: string): boolean => FILENAME.test(text);

/** Files in MongoDB's own file store, bucket `media`. */
export function createMediaStore(db: Db, clock: Clock): MediaStore {
  const bucket = new GridFSBucket(db, { bucketName: 'media' });
  return {
    async keep(source, { originalName, keptBy }) {
      const chunks = source[Symbol.asyncIterator]();
      const head = await readHead(chunks);
      if (head.length === 0) throw new AppError('bad_request', 'The file is empty.');
      const type = await mediaTypeOf(head);
      if (!type) throw notSendable();
      const filename = `${newToken()}${newToken()}.${type.extension}`;
      const details = {
        kind: type.kind,
        mimeType: type.mimeType,
        originalName: shownName(originalName, type.extension),
      };
      const upload = bucket.openUploadStream(filename, {
        metadata: { ...details, keptBy, keptAt: clock.now() },
      });
      // The stream removes what it has written when it is destroyed by the error.
      await pipeline(bounded(head, chunks, type.kind), upload).catch(async (error: unknown) => {
        await upload.abort().catch(() => undefined); // it may have been removed already
        throw error;
      });
      return { filename, ...details, size: upload.length };
    },
    async find(filename) {
      if (!isMediaFilename(filename)) return null;
      const [file] = await bucket.find({ filename }).limit(1).toArray();
      return file ? { filename, size: file.length, ...(file.metadata as FileDetails) } : null;
    },
    read: (filename, range) => bucket.openDownloadStreamByName(filename, range),
    async remove(filename) {
      for (const { _id } of await bucket.find({ filename }).toArray()) await bucket.delete(_id);
    },
  };
}

type FileDetails = Pick<StoredMedia, 'kind' | 'mimeType' | 'originalName'>;

async function readHead(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  const found: Buffer[] = [];
  let length = 0;
  while (length < HEAD_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    found.push(next.value);
    length += next.value.length;
  }
  return Buffer.concat(found);
}

async function* bounded(
  head: Buffer,
  chunks: AsyncIterator<Buffer>,
  kind: MediaKind,
): AsyncGenerator<Buffer> {
  const limit = limitOf(kind);
  let length = head.length;
  if (length > limit) throw tooLarge(kind);
  yield head;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    length += next.value.length;
    if (length > limit) throw tooLarge(kind);
    yield next.value;
  }
}

/** A document's name is shown to the person it is sent to. */
function shownName(originalName: string, extension: string): string {
  const base = originalName.split(/[\\/]/).pop() ?? '';
  const name = base
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}"<>:|?*]/gu, '')
    .trim();
  return name === '' || name.startsWith('.') ? `file.${extension}` : name.slice(-120);
}
