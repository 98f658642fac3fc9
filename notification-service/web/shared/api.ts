import { language } from './language.ts';
import type { Session } from './session.ts';
import { followed } from './signals.ts';

/** What went wrong, as the service said it. `kind` decides what a page offers next. */
export class ApiError extends Error {
  readonly kind: 'expired' | 'offline' | 'refused';
  readonly status: number;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;
  readonly details: Record<string, unknown>;
  constructor(
    kind: ApiError['kind'],
    message: string,
    facts: {
      status?: number;
      requestId?: string | null;
      retryAfterSeconds?: number | null;
      details?: Record<string, unknown>;
    } = {},
  ) {
    super(message);
    this.kind = kind;
    this.status = facts.status ?? 0;
    this.requestId = facts.requestId ?? null;
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null;
    this.details = facts.details ?? {};
  }
}

/** The token is no longer taken: pages say so, and keep what was typed. */
export const expired = followed(false);
/** The last request did not reach the service. */
export const offline = followed(false);

export interface Api {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: object): Promise<T>;
  put<T>(path: string, body?: object): Promise<T>;
  patch<T>(path: string, body?: object): Promise<T>;
  delete<T>(path: string, body?: object): Promise<T>;
  /** Reports how much has gone, 0–1. */
  upload<T>(path: string, file: File, onProgress: (share: number) => void): Promise<T>;
}

interface Envelope {
  data?: unknown;
  message?: string;
  details?: Record<string, unknown>;
  requestId?: string;
}

/** Paths begin after `/api/relance`. Answers with `data`, whose shape the caller names; throws {@link ApiError}. */
export function createApi({ token }: Pick<Session, 'token'>): Api {
  const ask =
    (method: string) =>
    async <T>(path: string, body?: object): Promise<T> => {
      const response = await reach(method, path, body);
      const envelope = (await response.json().catch(() => ({}))) as Envelope;
      if (!response.ok) throw refusal(response.status, envelope, response.headers.get('Retry-After'));
      return envelope.data as T;
    };

  async function reach(method: string, path: string, body: object | undefined): Promise<Response> {
    try {
      const response = await fetch(`/api/relance${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          'Accept-Language': language.get(),
          ...(body ? { 'Content-Type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      offline.set(false);
      return response;
    } catch {
      offline.set(true);
      throw new ApiError('offline', '');
    }
  }

  return {
    get: ask('GET'),
    post: ask('POST'),
    put: ask('PUT'),
    patch: ask('PATCH'),
    delete: ask('DELETE'),
    upload: <T>(path: string, file: File, onProgress: (share: number) => void) =>
      new Promise<T>((resolve, reject) => {
        const body = new FormData();
        body.append('file', file);
        const request = new XMLHttpRequest();
        request.open('POST', `/api/relance${path}`);
        request.setRequestHeader('Authorization', `Bearer ${token}`);
        request.upload.onprogress = event => onProgress(event.loaded / event.total);
        request.onerror = () => reject(new ApiError('offline', ''));
        request.onload = () => {
          const envelope = readEnvelope(request.responseText);
          if (request.status < 300) resolve(envelope.data as T);
          else reject(refusal(request.status, envelope, null));
        };
        request.send(body);
      }),
  };
}

function readEnvelope(text: string): Envelope {
  try {
    return JSON.parse(text) as Envelope;
  } catch {
    return {};
  }
}

function refusal(status: number, envelope: Envelope, retryAfter: string | null): ApiError {
  if (status === 401) expired.set(true);
  return new ApiError(status === 401 ? 'expired' : 'refused', envelope.message ?? '', {
    status,
    requestId: envelope.requestId ?? null,
    retryAfterSeconds: retryAfter === null ? null : Number(retryAfter),
    details: envelope.details ?? {},
  });
}
