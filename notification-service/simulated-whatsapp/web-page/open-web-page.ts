import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { openDeviceDoor } from '../device-door.ts';
import { nowMs, type Network } from '../network.ts';
import { newCertificate } from './certificate.ts';

const HOST = 'web.whatsapp.com';
const PAGE_DIR = new URL('./page/', import.meta.url);
const FILES = new Set(
  ['chats', 'ids', 'line', 'main', 'media', 'models', 'modules', 'sending', 'session', 'storage'].map(
    name => `${name}.js`,
  ),
);

/** Where the page is served, and the key by which a browser knows it. */
export interface WebPage {
  port: number;
  spki: string;
  close(): Promise<void>;
}

/**
 * The second door: the stand-in WhatsApp Web page over HTTPS, on loopback. A browser that is told that
 * `web.whatsapp.com` is here, and to trust this one key, loads it as the real page's origin.
 */
export async function openWebPage(network: Network): Promise<WebPage> {
  const { key, cert, spki } = newCertificate(HOST);
  const server = createServer({ key, cert }, (request, response) => {
    serve(network, request, response).catch((error: unknown) => {
      console.error(JSON.stringify({ level: 'error', message: 'The page failed.', error: String(error) }));
      response.destroy();
    });
  });
  const door = openDeviceDoor(server, network, isFromThePage);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    spki,
    async close() {
      door.close();
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

const isFromThePage = ({ headers }: IncomingMessage): boolean =>
  headers.host === HOST && headers.origin === `https://${HOST}`;

async function serve(network: Network, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', `https://${HOST}`);
  if (request.headers.host !== HOST || request.method !== 'GET') {
    response.writeHead(403).end();
  } else if (pathname === '/') {
    // A server that takes the request and says nothing.
    if (network.page.hang === 'server') return;
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
    response.end(await pageWith(network));
  } else if (FILES.has(pathname.slice(1))) {
    response.writeHead(200, {
      'Content-Type': 'text/javascript; charset=utf-8',
      'Cache-Control': 'no-cache',
    });
    response.end(await readFile(new URL(pathname.slice(1), PAGE_DIR)));
  } else {
    response.writeHead(404).end();
  }
}

async function pageWith(network: Network): Promise<string> {
  const template = await readFile(new URL('index.html', PAGE_DIR), 'utf8');
  const calendar = { atMs: nowMs(network), rate: network.calendar.rate };
  const settings = JSON.stringify({ ...network.page, calendar }).replaceAll('<', '\\u003c');
  return template.replace(`'{{settings}}'`, () => settings);
}
