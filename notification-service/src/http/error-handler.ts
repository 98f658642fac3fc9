import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { AppError, ERROR_STATUS, type ErrorCode } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';

/** No route has taken the request. */
export const unknownAddress: RequestHandler = () => {
  throw new AppError('not_found', 'This address does not exist.');
};

/** Every failure ends here, once: as the envelope, or, when nobody foresaw it, as a 500 that is logged with its stack. */
export function errorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _req, res, next) => {
    const known = translate(error);
    if (!known) logger.error('A request failed.', { error });
    if (res.headersSent) {
      next(error);
      return;
    }
    sendError(res, known ?? new AppError('internal', 'Something went wrong on our side.'));
  };
}

function sendError(res: Response, error: AppError): void {
  const requestId = res.getHeader('X-Request-Id');
  if (error.retryAfterSeconds !== undefined)
    res.set('Retry-After', String(Math.ceil(error.retryAfterSeconds)));
  res.status(ERROR_STATUS[error.code]).json({
    success: false,
    message: error.message,
    code: error.code,
    ...(error.details ? { details: error.details } : {}),
    ...(typeof requestId === 'string' ? { requestId } : {}),
  });
}

/** Null for what nobody foresaw. */
function translate(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error)) return null;
  if (STORE_AWAY.test(error.name)) {
    return new AppError('unavailable', 'The service cannot reach its database right now.', {
      cause: error,
      retryAfterSeconds: 5,
    });
  }
  if (!('status' in error) || typeof error.status !== 'number') return null;
  return requestError(error.status, 'type' in error ? String(error.type) : '', error);
}

const STORE_AWAY =
  /^Mongo(ose)?(ServerSelection|Network|NetworkTimeout|PoolCleared|ConnectionPoolClosed)Error$/;

/** What express and its body reader say about a request that cannot be read. */
function requestError(status: number, type: string, cause: Error): AppError | null {
  const [code, sentence] = UNREADABLE[type] ?? BY_STATUS[status] ?? [];
  if (code !== undefined && sentence !== undefined) return new AppError(code, sentence, { cause });
  return status >= 400 && status < 500
    ? new AppError('bad_request', 'The request could not be read.', { cause })
    : null;
}

const UNREADABLE: Readonly<Record<string, [ErrorCode, string] | undefined>> = {
  'entity.parse.failed': ['bad_request', 'The body is not valid JSON.'],
  'entity.too.large': ['payload_too_large', 'The body is too large.'],
  'encoding.unsupported': ['unsupported_media_type', 'The encoding of the body is not supported.'],
  'charset.unsupported': ['unsupported_media_type', 'The character set of the body is not supported.'],
  'request.size.invalid': ['bad_request', 'The body is not as long as announced.'],
  'request.aborted': ['bad_request', 'The request was not sent to its end.'],
};
const BY_STATUS: Readonly<Record<number, [ErrorCode, string] | undefined>> = {
  404: ['not_found', 'This address does not exist.'],
  413: ['payload_too_large', 'The body is too large.'],
  415: ['unsupported_media_type', 'The type of the body is not supported.'],
};
