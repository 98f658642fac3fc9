import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger, type Logger, maskPhone } from './logger.ts';
import { runWithContext } from './request-context.ts';

let lines: string[] = [];
let logger: Logger;
beforeEach(() => {
  lines = [];
  const stream = new PassThrough();
  stream.on('data', chunk => lines.push(String(chunk)));
  logger = createLogger({ level: 'info', stream });
});
const last = () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>;

describe('a log line', () => {
  it('is one JSON object with its fields, its child’s and its context’s', () => {
    runWithContext({ requestId: 'r1' }, () => {
      runWithContext({ jobId: 'j1' }, () => logger.child({ part: 'pump' }).info('Looked.', { found: 3 }));
    });
    expect(last()).toMatchObject({
      level: 'info',
      message: 'Looked.',
      requestId: 'r1',
      jobId: 'j1',
      part: 'pump',
      found: 3,
    });
    expect(last()['timestamp']).toMatch(/^\d{4}-/);
  });

  it('is not written below the level', () => {
    logger.debug('Detail.');
    expect(lines).toEqual([]);
  });

  it('spells an error out, with its cause and without what it must not say', () => {
    const error = new Error('send to +33612345678 failed', {
      cause: new Error('mongodb://app:hunter22@db/x'),
    });
    logger.error('Failed.', { error });
    expect(last()['error']).toMatchObject({ name: 'Error', message: 'send to 336***78 failed' });
    expect(lines.join('')).toContain('logger.test.ts');
    expect(lines.join('')).not.toMatch(/612345678|hunter22/);
  });

  it('survives circles, depth, bytes, big numbers and bad dates', () => {
    const circle: Record<string, unknown> = {
      n: 1n,
      at: new Date(Number.NaN),
      bytes: Buffer.alloc(9),
      f: () => 1,
    };
    circle['self'] = circle;
    let deep: unknown = 'end';
    for (let i = 0; i < 50; i++) deep = { deep };
    logger.info('Odd.', { circle, deep });
    expect(last()['circle']).toEqual({
      n: '1',
      at: 'Invalid Date',
      bytes: '[9 bytes]',
      f: '[function]',
      self: '[circular]',
    });
  });
});

describe('masking', () => {
  it.each([
    [{ phone: '33612345678' }, { phone: '336***78' }],
    [{ phoneNumber: 33612345678 }, { phoneNumber: '336***78' }],
    [
      { chatId: '33612345678@c.us', lid: '123456789@lid' },
      { chatId: '336***78', lid: '123***89' },
    ],
    [{ note: 'call 33612345678 or +44 20 7946 0958 now' }, { note: 'call 336***78 or 442***58 now' }],
    [{ text: 'Bonjour Ada' }, { text: '[text of 11 characters]' }],
    [{ messageTemplate: { fr: 'Bonjour' } }, { messageTemplate: '[text]' }],
    [
      { token: 'x', pairingCode: 'ABCD1234', qr: 'data:…', authorization: 'y', ticket: 'z' },
      {
        token: '[hidden]',
        pairingCode: '[hidden]',
        qr: '[hidden]',
        authorization: '[hidden]',
        ticket: '[hidden]',
      },
    ],
    [{ header: 'Bearer abc.def' }, { header: 'Bearer [token]' }],
    [{ url: 'redis://:hunter22@cache:6379/0' }, { url: 'redis://:***@cache:6379/0' }],
    [{ url: '/events?ticket=abc&x=1' }, { url: '/events?ticket=***&x=1' }],
    [{ list: [{ phone: '33612345678' }] }, { list: [{ phone: '336***78' }] }],
    [
      {
        channelId: '123456789012345678901234',
        memberId: '4912345678',
        at: '2025-01-31T10:00:00.000Z',
        ms: 1738317600000,
      },
      {
        channelId: '123456789012345678901234',
        memberId: '4912345678',
        at: '2025-01-31T10:00:00.000Z',
        ms: 1738317600000,
      },
    ],
  ])('%j → %j', (fields, expected) => {
    logger.info('Masked.', fields);
    expect(last()).toMatchObject(expected);
  });

  it('finds a phone wherever it stands in a line', () => {
    const phone = '33698765432';
    const places = fc.constantFrom(
      (text: string) => ({ note: text }),
      (text: string) => ({ a: { b: [text] } }),
      (text: string) => ({ error: new Error(text) }),
    );
    fc.assert(
      fc.property(
        places,
        fc.constantFrom('', ' ', '+', '(', '"', '@', ':'),
        fc.constantFrom('', ' ', ')', '"', '@c.us', ', '),
        (place, before, after) => {
          logger.info(`To ${before}${phone}${after}`, place(`${before}${phone}${after}`));
          expect(lines.at(-1)).not.toContain(phone.slice(3));
        },
      ),
    );
  });

  it('leaves a little of a phone, and nothing of a short one', () => {
    expect([maskPhone('+33 6 12 34 56 78'), maskPhone('12345')]).toEqual(['336***78', '***']);
  });
});

it('can be read by people', () => {
  const stream = new PassThrough();
  stream.on('data', chunk => lines.push(String(chunk)));
  createLogger({ level: 'info', pretty: true, stream }).warn('Slow.', { ms: 12 });
  expect(lines.at(-1)).toMatch(/^\d\d:\d\d:\d\d WARN {2}Slow\. \{"ms":12\}\n$/);
});
