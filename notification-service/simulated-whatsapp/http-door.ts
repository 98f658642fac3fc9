import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerControl } from './control-routes.ts';
import type { Network } from './network.ts';
import { Refusal } from './refusal.ts';

const LONGEST_BODY_BYTES = 32 * 2 ** 20;
const PAGE = new URL('./phone-page.html', import.meta.url);
const FEED_MS = 250;

/** Answers one HTTP request: the page where a person plays the phones, its feed, media, and the control. */
export async function answerHttp(
  network: Network,
  webPage: { port: number; spki: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (!isFromHere(request)) throw new Refusal(403, 'This network answers only to this machine.');
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (url.pathname === '/' && request.method === 'GET') return await servePage(response);
    if (url.pathname === '/control/web-page' && request.method === 'GET') {
      sendJson(response, 200, { ...webPage, settings: network.page });
      return;
    }
    if (url.pathname === '/control/events') return serveFeed(network, request, response);
    if (url.pathname.startsWith('/control/media/')) return serveMedia(network, url, response);
    const body = await bodyOf(request);
    sendJson(response, 200, answerControl(network, { method: request.method ?? 'GET', url, body }));
  } catch (error) {
    const refusal = error instanceof Refusal ? error : refusalFor(error);
    sendJson(response, refusal.status, { success: false, message: refusal.message });
  }
}

/** Another site's page, or a name that somebody pointed at this machine, must not play the phones. */
export function isFromHere({ headers }: IncomingMessage): boolean {
  const host = headers.host ?? '';
  const isLocal = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
  return isLocal && (headers.origin === undefined || headers.origin === `http://${host}`);
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof URIError) return new Refusal(400, 'The path is not written correctly.');
  console.error(JSON.stringify({ level: 'error', message: 'A request failed.', error: String(error) }));
  return new Refusal(500, 'Something went wrong in the simulated network.');
}

async function servePage(response: ServerResponse): Promise<void> {
  const page = await readFile(PAGE);
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy':
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; media-src 'self'",
    'Cache-Control': 'no-store',
  });
  response.end(page);
}

/** Says that something changed, at most four times a second; the page then asks what. */
function serveFeed(network: Network, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write('data: changed\n\n');
  let pending: NodeJS.Timeout | null = null;
  const watcher = (): void => {
    pending ??= setTimeout(() => {
      pending = null;
      response.write('data: changed\n\n');
    }, FEED_MS);
  };
  network.watchers.add(watcher);
  request.on('close', () => {
    network.watchers.delete(watcher);
    if (pending) clearTimeout(pending);
  });
}

function serveMedia(network: Network, url: URL, response: ServerResponse): void {
  const kept = network.media.get(url.pathname.slice('/control/media/'.length));
  if (!kept) throw new Refusal(404, 'This attachment is not kept any more.');
  const isSafe = /^(image\/(jpeg|png|webp|gif)|video\/|audio\/)/.test(kept.mimeType);
  response.writeHead(200, {
    'Content-Type': isSafe ? kept.mimeType : 'application/octet-stream',
    'X-Content-Type-Options': 'nosniff',
    ...(isSafe ? {} : { 'Content-Disposition': 'attachment' }),
  });
  response.end(kept.bytes);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LONGEST_BODY_BYTES) throw new Refusal(413, 'The body is longer than 32 MB.');
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refusal(400, 'The body is not JSON.');
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  response.end(JSON.stringify(value));
}
