import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { BadRequest } from './bad-requests.ts';

export interface Answer {
  status: number;
  /** What is wrong with the answer, or null when it is a civil one. */
  complaint: string | null;
}

const HANG_MS = 45_000;
const LIBRARY_WORDS =
  /\bat \S+ \(|node_modules|zod|mongo|bson|redis|undefined|\[object|TypeError|RangeError|SyntaxError|Cannot read|ENOENT|ECONN/i;

/** Sends it as it is (no client that tidies up), and judges the answer: never 5xx, never a hang, a sentence each. */
export function sendBadRequest(
  baseUrl: string,
  bad: BadRequest,
  authorization: string | null,
): Promise<Answer> {
  const { hostname, port } = new URL(baseUrl);
  const { promise, resolve } = later<Answer>();
  const headers = {
    ...bad.headers,
    ...(authorization === null ? {} : { authorization }),
    ...(bad.body === null ? {} : { 'content-length': Buffer.byteLength(bad.body) }),
  };
  const sent = httpRequest({ hostname, port, path: bad.url, method: bad.method, headers }, response => {
    judge(response).then(resolve, (error: unknown) => resolve({ status: 0, complaint: String(error) }));
  });
  sent.setTimeout(HANG_MS, () => {
    resolve({ status: 0, complaint: 'It hung.' });
    sent.destroy();
  });
  sent.on('error', error => resolve({ status: 0, complaint: `The connection broke: ${error.message}` }));
  if (bad.body !== null) sent.write(bad.body);
  sent.end();
  return promise;
}

async function judge(response: IncomingMessage): Promise<Answer> {
  const status = response.statusCode ?? 0;
  const type = response.headers['content-type'] ?? '';
  if (type.startsWith('text/event-stream')) {
    response.destroy();
    return { status, complaint: status === 200 ? null : 'A stream that is no success.' };
  }
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status, complaint: complaintOf(status, type, Buffer.concat(chunks).toString('utf8')) };
}

function complaintOf(status: number, type: string, text: string): string | null {
  if (status >= 500) return `It answered ${status}: ${text.slice(0, 300)}`;
  if (status >= 200 && status < 400) return null;
  if (!type.startsWith('application/json')) return `A failure as ${type}.`;
  const { success, message } = JSON.parse(text) as { success?: unknown; message?: unknown };
  if (success !== false || typeof message !== 'string') return `No envelope: ${text.slice(0, 200)}`;
  const isSentence =
    message.length >= 8 && message.length <= 300 && !message.includes('\n') && message.includes(' ');
  return isSentence && !LIBRARY_WORDS.test(message) ? null : `No plain sentence: ${message.slice(0, 300)}`;
}

function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>(done => {
    resolve = done;
  });
  return { promise, resolve };
}
