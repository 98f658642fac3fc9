import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerUnreadable } from './unreadable.ts';

let server: Server;
beforeAll(async () => {
  server = createServer((_, res) => res.end('fine')).on('clientError', answerUnreadable);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
});

function answerTo(sent: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(sent));
    let text = '';
    socket.on('data', chunk => (text += String(chunk)));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

describe('what is no HTTP', () => {
  it.each([
    ['NONSENSE\r\n\r\n', '400 Bad Request', 'The request is not valid HTTP.'],
    [`GET / HTTP/1.1\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, '431 ', 'The head of the request is too large.'],
  ])('is answered with a sentence as well', async (sent, status, message) => {
    const [head = '', body = ''] = (await answerTo(sent)).split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status}`);
    expect(head).toContain('Content-Type: application/json');
    expect(JSON.parse(body)).toEqual({ success: false, message, code: 'bad_request' });
  });
});
