import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isPublicAddress } from './address-guard.ts';
import { type FetchOutside, fetchMedia } from './fetch-media.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<{ host: string; hits: () => number }> {
  let hits = 0;
  const server = createServer((req, res) => {
    hits += 1;
    listener(req, res);
  });
  servers.push(server);
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, hits: () => hits };
}

const names: Record<string, string[]> = {};
const outside = (...trusted: string[]): FetchOutside => ({
  resolve: host => Promise.resolve(names[host] ?? []),
  trusted: new Set(trusted),
});
const fetchWith = (url: string, from: FetchOutside, ms = 5_000) =>
  fetchMedia(url, from, AbortSignal.timeout(ms));

async function read(url: string, from: FetchOutside): Promise<string> {
  const { source, close } = await fetchWith(url, from);
  const content = await contentOf(source);
  close();
  return content;
}

async function contentOf(source: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('SSRF by media URL is refused', () => {
  it.each([
    ...[
      'http://127.0.0.1/a.png',
      'http://localhost/a.png',
      'http://2130706433/',
      'http://0x7f.1/',
      'http://0177.0.0.1/',
    ],
    ...[
      'http://169.254.169.254/latest/meta-data/',
      'http://10.0.0.1/',
      'http://172.16.3.4/',
      'http://192.168.1.1/',
    ],
    ...[
      'http://100.64.0.1/',
      'http://0.0.0.0/',
      'http://[::1]/',
      'http://[::]/',
      'http://[fe80::1]/',
      'http://[fd00::1]/',
    ],
    ...[
      'http://[::ffff:127.0.0.1]/',
      'http://[::ffff:a9fe:a9fe]/',
      'http://[64:ff9b::7f00:1]/',
      'http://[2002:7f00:1::]/',
    ],
    ...['http://inside.example/', 'http://mixed.example/', 'http://localhost./'],
  ])('%s', async url => {
    Object.assign(names, {
      localhost: ['127.0.0.1'],
      'localhost.': ['127.0.0.1'],
      'inside.example': ['10.1.2.3'],
      'mixed.example': ['93.184.216.34', '::1'],
    });
    await expect(fetchWith(url, outside())).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('may not be fetched') as string,
    });
  });

  it.each([
    'file:///etc/passwd',
    'ftp://example.org/a',
    'http://example.org:8080/',
    'http://u:p@example.org/',
    'gopher://x',
    'a',
  ])('%s is not even looked up', async url => {
    await expect(fetchWith(url, outside())).rejects.toThrow('only http and https');
  });

  it('checks the address behind each redirect', async () => {
    const inner = await serve((_req, res) => res.end('secret'));
    const outer = await serve((_req, res) => res.writeHead(302, { location: `http://${inner.host}/` }).end());
    await expect(fetchWith(`http://${outer.host}/a`, outside(outer.host))).rejects.toThrow(
      'only http and https',
    );
    const metadata = await serve((_req, res) =>
      res.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    );
    await expect(fetchWith(`http://${metadata.host}/a`, outside(metadata.host))).rejects.toThrow(
      'may not be fetched',
    );
    expect(inner.hits()).toBe(0);
  });

  it('connects to the address that was checked, and asks for it once', async () => {
    const server = await serve((_req, res) => res.end('picture'));
    const port = server.host.split(':')[1] ?? '';
    let asked = 0;
    const rebinding: FetchOutside = {
      resolve: () => Promise.resolve(++asked === 1 ? ['127.0.0.1'] : ['10.0.0.1']),
      trusted: new Set([`rebinding.example:${port}`]),
    };
    expect(await read(`http://rebinding.example:${port}/a.png`, rebinding)).toBe('picture');
    expect(asked).toBe(1);
  });

  it('knows public addresses', () => {
    for (const address of ['93.184.216.34', '8.8.8.8', '2606:2800:220:1::1'])
      expect(isPublicAddress(address)).toBe(true);
    for (const address of [
      '',
      'x',
      '203.0.113.5',
      '255.255.255.255',
      '168.63.129.16',
      '2001:db8::1',
      'fe80::1%eth0',
    ]) {
      expect(isPublicAddress(address)).toBe(false);
    }
  });
});

it('follows a few redirects and takes the name from the address', async () => {
  const server = await serve((req, res) =>
    req.url === '/start' ? res.writeHead(302, { location: '/le%20fichier.pdf' }).end() : res.end('x'),
  );
  const fetched = await fetchWith(`http://${server.host}/start`, outside(server.host));
  expect(fetched.originalName).toBe('le fichier.pdf');
  fetched.close();
  const endless = await serve((_req, res) => res.writeHead(302, { location: '/again' }).end());
  await expect(fetchWith(`http://${endless.host}/`, outside(endless.host))).rejects.toThrow(
    'redirects too often',
  );
  expect(endless.hits()).toBe(4);
});

it('says what went wrong without repeating what may be secret', async () => {
  const server = await serve((_req, res) => res.writeHead(404).end());
  const url = `http://${server.host}/a?key=secret`;
  await expect(fetchWith(url, outside(server.host))).rejects.toThrow(
    `The address http://${server.host}/a answered with status 404.`,
  );
  await expect(fetchWith('http://nowhere.example/', outside())).rejects.toThrow('cannot be found');
});

it('does not wait for a server that hangs, and refuses at once what is announced as too large', async () => {
  const hangs = await serve(() => undefined);
  await expect(fetchWith(`http://${hangs.host}/`, outside(hangs.host), 200)).rejects.toThrow('took too long');
  const large = await serve((_req, res) =>
    res.writeHead(200, { 'content-length': 60 * 1024 * 1024 }).flushHeaders(),
  );
  await expect(fetchWith(`http://${large.host}/`, outside(large.host))).rejects.toMatchObject({
    code: 'payload_too_large',
  });
  const stalls = await serve((_req, res) => res.writeHead(200).write('a'));
  const { source } = await fetchWith(`http://${stalls.host}/`, outside(stalls.host), 300);
  await expect(contentOf(source)).rejects.toThrow('could not be read to its end');
});
