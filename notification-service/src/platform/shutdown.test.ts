import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { createShutdown } from './shutdown.ts';

it('closes backwards, once, past failures and past what hangs', async () => {
  const lines: string[] = [];
  const stream = new PassThrough();
  stream.on('data', chunk => lines.push(String(chunk)));
  const shutdown = createShutdown(createLogger({ level: 'debug', stream }));
  const closed: string[] = [];
  const close = (name: string) => () => Promise.resolve(closed.push(name));
  shutdown.defer('mongo', close('mongo'));
  shutdown.defer('broken', () => Promise.reject(new Error('cannot')));
  shutdown.defer('rude', () => {
    throw new Error('at once');
  });
  shutdown.defer('hangs', () => new Promise(() => undefined), { timeoutMs: 10 });
  shutdown.defer('nothing', () => undefined);
  shutdown.defer('http', close('http'));
  await Promise.all([shutdown.close(), shutdown.close()]);
  expect(closed).toEqual(['http', 'mongo']);
  expect(lines.join('')).toMatch(/cannot[^]*|at once/);
  expect(lines.filter(line => line.includes('"level":"error"'))).toHaveLength(2);
  expect(
    lines.filter(line => line.includes('did not close in time') || line.includes('Did not close in time')),
  ).toHaveLength(1);
});
