import type { Request } from 'express';
import busboy from 'busboy';
import type { Readable } from 'node:stream';
import { AppError } from '../platform/errors.ts';
import { LARGEST_BYTES } from './media-kind.ts';
import type { MediaStore, StoredMedia } from './media-store.ts';

/** Reads the one `file` of a multipart request straight into the store. Throws with a sentence. */
export async function uploadMedia(req: Request, keptBy: string, media: MediaStore): Promise<StoredMedia> {
  const form = openForm(req);
  let upload: Promise<StoredMedia> | null = null;
  const ended = new Promise<void>((resolve, reject) => {
    form.on('file', (field, file: Readable, { filename }) => {
      if (field !== 'file' || upload) {
        file.resume();
        return;
      }
      upload = media.keep(file as AsyncIterable<Buffer>, { originalName: filename ?? '', keptBy });
      upload.catch(reject);
    });
    form.on('error', (cause: unknown) => reject(unreadable(cause)));
    form.on('close', resolve);
    req.once('close', () => {
      if (!req.complete) form.destroy(unreadable());
    });
  });
  req.pipe(form);
  try {
    await ended;
    const kept = await (upload as Promise<StoredMedia> | null);
    if (!kept) throw new AppError('bad_request', 'A file is required, in the field "file".');
    return kept;
  } catch (error) {
    // The rest of the request is read and thrown away, so that the sentence reaches who is still sending.
    req.unpipe(form);
    form.destroy();
    req.resume();
    throw error;
  }
}

function openForm(req: Request): busboy.Busboy {
  try {
    return busboy({
      headers: req.headers,
      defParamCharset: 'utf8',
      limits: { files: 2, fields: 20, parts: 30, fieldSize: 10_000, fileSize: LARGEST_BYTES + 1 },
    });
  } catch (cause) {
    throw new AppError(
      'unsupported_media_type',
      'A file is uploaded as multipart/form-data, in the field "file".',
      {
        cause,
      },
    );
  }
}

const unreadable = (cause?: unknown): AppError =>
  new AppError('bad_request', 'The upload was not sent to its end or cannot be read.', { cause });
