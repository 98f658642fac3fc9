import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  method: string;
  /** Path and query, as sent. */
  url: string;
  headers: IncomingMessage['headers'];
  /** Parsed when it is JSON, else the text; null when there is none. */
  body: unknown;
}

export interface FakeAnswer {
  status?: number;
  headers?: Record<string, string>;
  /** A string or bytes as they are, anything else as JSON. */
  body?: unknown;
}

export interface FakeHttp {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** All that came, oldest first. */
  requests: SeenRequest[];
  /** Resolves once `count` requests have come. */
  received(count: number): Promise<SeenRequest[]>;
  close(): Promise<void>;
}

/**
 * A small real HTTP server in the place of somebody outside (user service, webhook). The handler answers with a value,
 * or writes to `res` itself and answers nothing (to hang, to trickle, to cut the connection).
 */
export async function startFakeHttp(
  handler: (
    request: SeenRequest,
    res: ServerResponse,
  ) => FakeAnswer | undefined | Promise<FakeAnswer | undefined>,
): Promise<FakeHttp> {
  const requests: SeenRequest[] = [];
  const waiting: { count: number; resolve: (seen: SeenRequest[]) => void }[] = [];
  const server = createServer((req, res) => {
    void (async () => {
      const request = await read(req);
      requests.push(request);
      for (const { count, resolve } of waiting) if (requests.length >= count) resolve(requests);
      const answer = await handler(request, res);
      if (answer) write(res, answer);
    })().catch((error: unknown) => {
      if (!res.headersSent) write(res, { status: 500, body: String(error) });
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    received: count =>
      requests.length >= count
        ? Promise.resolve(requests)
        : new Promise(resolve => {
            waiting.push({ count, resolve });
          }),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(req: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    method: req.method ?? '',
    url: req.url ?? '',
    headers: req.headers,
    body: text === '' ? null : parsed(text),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function write(res: ServerResponse, { status = 200, headers = {}, body }: FakeAnswer): void {
  const asIs = typeof body === 'string' || Buffer.isBuffer(body) || body === undefined;
  res.writeHead(status, { ...(asIs ? {} : { 'content-type': 'application/json' }), ...headers });
  res.end(asIs ? body : JSON.stringify(body));
}
