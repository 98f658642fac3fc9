import type { Request, Response } from 'express';
import { pipeline } from 'node:stream/promises';
import { route, STREAMED } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { MEDIA_PATH } from './keep-media.ts';
import type { MediaStore, StoredMedia } from './media-store.ts';
import { mediaParams, uploadShape } from './message-schemas.ts';
import { uploadMedia } from './upload-media.ts';

export interface MediaRouteDeps {
  media: MediaStore;
  addressOf: (filename: string) => string;
  logger: Logger;
}

export const mediaRoutes = ({ media, addressOf, logger }: MediaRouteDeps): Route[] => [
  route({
    method: 'post',
    path: '/api/relance/admin/upload-media',
    access: 'admin',
    tag: 'Admin',
    summary: 'Keeps an image (5 MB), a video or audio file (16 MB) or a PDF (50 MB) for a day message.',
    rawBody: true,
    replies: { 200: uploadShape },
    errors: { 413: 'The file is too large for its kind.', 415: 'The file is of a kind that cannot be sent.' },
    async handle({ actor, req }) {
      const { filename, kind, originalName, size } = await uploadMedia(req, actor.userId, media);
      return { data: { url: addressOf(filename), type: kind, filename, originalName, size } };
    },
  }),
  route({
    method: 'get',
    path: `${MEDIA_PATH}{filename}`,
    access: 'public',
    tag: 'Media',
    summary: 'A file of a day message. Names cannot be guessed; ranges are answered.',
    params: mediaParams,
    replies: { 200: null, 206: null },
    errors: { 404: 'This file does not exist.', 416: 'The range lies outside the file.' },
    async handle({ params, req, res }) {
      const file = await media.find(params.filename);
      if (!file) throw new AppError('not_found', 'This file does not exist.');
      serve(file, { req, res, media, logger });
      return STREAMED;
    },
  }),
];

/** Not awaited: a slow reader may take as long as it likes. */
function serve(
  file: StoredMedia,
  { req, res, media, logger }: Pick<MediaRouteDeps, 'media' | 'logger'> & { req: Request; res: Response },
): void {
  const range = rangeOf(req.get('Range'), file.size);
  res.set({
    'Content-Type': file.mimeType,
    'Content-Disposition': `inline; filename="${file.filename}"`,
    'Cache-Control': 'public, max-age=31536000, immutable',
    'X-Content-Type-Options': 'nosniff',
    'Accept-Ranges': 'bytes',
  });
  if (range === 'outside') {
    res.status(416).set('Content-Range', `bytes */${file.size}`).removeHeader('Content-Type');
    res.end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: file.size };
  res.set('Content-Length', String(end - start));
  if (range) res.status(206).set('Content-Range', `bytes ${start}-${end - 1}/${file.size}`);
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  pipeline(media.read(file.filename, { start, end }), res).catch((error: unknown) => {
    if (!res.closed) logger.warn('A file could not be served to its end', { filename: file.filename, error });
    res.destroy();
  });
}

/** One range of bytes, `end` exclusive; null for the whole file, also when several are asked for. */
function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'outside' | null {
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  const [, from = '', to = ''] = found ?? [];
  if (from === '' && to === '') return null;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1);
  return start >= end ? 'outside' : { start, end };
}
