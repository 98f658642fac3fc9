import { lookup } from 'node:dns/promises';
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { basename } from 'node:path/posix';
import { AppError } from '../platform/errors.ts';
import { fetchableUrl, hostOf, isPublicAddress } from './address-guard.ts';
import { LARGEST_BYTES } from './media-kind.ts';

/** The outside of a fetch, handed in. */
export interface FetchOutside {
  /** Every address of a host name. */
  resolve(host: string): Promise<string[]>;
  /** `host:port` that may be fetched although private: for tests only. */
  trusted: ReadonlySet<string>;
}

export const theInternet: FetchOutside = {
  resolve: async host => (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address),
  trusted: new Set(),
};

export interface FetchedMedia {
  source: AsyncIterable<Buffer>;
  originalName: string;
  /** Ends the connection, whether it was read to its end or not. */
  close: () => void;
}

const MAX_REDIRECTS = 3;

/**
 * Opens a file on the public internet for reading. Each address, redirects too, is resolved once and checked, and the
 * connection goes to the very address that was checked. Throws `bad_request` with a sentence; `signal` ends everything.
 */
export async function fetchMedia(
  text: string,
  outside: FetchOutside,
  signal: AbortSignal,
): Promise<FetchedMedia> {
  let address = text;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const url = fetchableUrl(address) ?? trustedUrl(address, outside);
    if (!url) throw refuse(text, 'cannot be fetched: only http and https on their own ports are');
    const response = await get(url, await pinnedAddress(url, text, outside), text, signal);
    const next = redirectOf(response, url);
    if (next === null) return readable(response, url, text);
    response.destroy();
    address = next;
  }
  throw refuse(text, 'redirects too often');
}

/** Port and protocol are only loosened for a host that a test has named. */
function trustedUrl(text: string, outside: FetchOutside): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url?.protocol === 'http:' && outside.trusted.has(url.host) ? url : null;
}

/** One forbidden address among several is enough to refuse. */
async function pinnedAddress(url: URL, text: string, outside: FetchOutside): Promise<string> {
  const host = hostOf(url);
  const addresses = isIP(host) ? [host] : await outside.resolve(host).catch(() => []);
  const [first] = addresses;
  if (first === undefined) throw refuse(text, 'cannot be found');
  if (!outside.trusted.has(url.host) && !addresses.every(isPublicAddress)) {
    throw refuse(text, 'may not be fetched: it does not lie on the public internet');
  }
  return first;
}

function get(url: URL, address: string, text: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const sent: ClientRequest = send(
      url,
      {
        ...{ agent: false, lookup: pinnedTo(address), signal },
        headers: { 'User-Agent': 'Relance', Accept: '*/*', 'Accept-Encoding': 'identity' },
      },
      resolve,
    );
    sent.on('error', (cause: Error) =>
      reject(refuse(text, signal.aborted ? 'took too long to answer' : 'could not be reached', cause)),
    );
    sent.end();
  });
}

/** The name is not resolved a second time: a second answer could be another one. */
const pinnedTo =
  (address: string): LookupFunction =>
  (_host, options, done) => {
    const family = isIP(address);
    if (options.all === true) done(null, [{ address, family }]);
    else done(null, address, family);
  };

function redirectOf(response: IncomingMessage, from: URL): string | null {
  const { location } = response.headers;
  if (location === undefined || ![301, 302, 303, 307, 308].includes(response.statusCode ?? 0)) return null;
  return URL.canParse(location, from) ? new URL(location, from).href : '';
}

function readable(response: IncomingMessage, url: URL, text: string): FetchedMedia {
  const length = Number(response.headers['content-length'] ?? 0);
  if (response.statusCode !== 200 || length > LARGEST_BYTES) {
    response.destroy();
    throw response.statusCode === 200
      ? new AppError('payload_too_large', `The file at ${shown(text)} has more than 50 MB.`)
      : refuse(text, `answered with status ${response.statusCode ?? 0}`);
  }
  return {
    source: chunksOf(response, text),
    originalName: nameIn(url),
    close: () => response.destroy(),
  };
}

async function* chunksOf(response: IncomingMessage, text: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (cause) {
    throw refuse(text, 'could not be read to its end', cause);
  }
}

function nameIn(url: URL): string {
  try {
    return basename(decodeURIComponent(url.pathname));
  } catch {
    return basename(url.pathname);
  }
}

const refuse = (text: string, why: string, cause?: unknown): AppError =>
  new AppError('bad_request', `The address ${shown(text)} ${why}.`, { cause });

/** What follows a `?` may be a key to the file and is not repeated. */
const shown = (text: string): string => text.split('?')[0]?.slice(0, 120) ?? '';
