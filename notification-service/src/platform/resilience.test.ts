import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { AppError } from './errors.ts';
import { createLogger } from './logger.ts';
import { createOutside, type OutsideOptions } from './resilience.ts';

const outside = (options: Partial<OutsideOptions> = {}) =>
  createOutside({
    ...{ name: 'The user service', timeoutMs: 50, retries: 2, firstDelayMs: 1 },
    ...{
      breaker: { failures: 5, restMs: 40 },
      logger: createLogger({ level: 'error', stream: new PassThrough().resume() }),
    },
    ...options,
  });

const failing = (times: number, error: Error = new Error('down')) => {
  let calls = 0;
  return {
    work: () => (++calls <= times ? Promise.reject(error) : Promise.resolve('fine')),
    calls: () => calls,
  };
};

describe('calls to another service', () => {
  it('are tried again, and end with the last failure', async () => {
    const twice = failing(2);
    expect(await outside().call(twice.work)).toBe('fine');
    const always = failing(99);
    await expect(outside().call(always.work)).rejects.toThrow('down');
    expect(always.calls()).toBe(3);
  });

  it('end after the deadline, with the signal aborted', async () => {
    let aborted = 0;
    const hang = (signal: AbortSignal) =>
      new Promise<never>(() => {
        signal.addEventListener('abort', () => aborted++);
      });
    await expect(outside({ retries: 1 }).call(hang)).rejects.toMatchObject({
      ...{ code: 'timeout', message: 'The user service did not answer in time.' },
    });
    expect(aborted).toBe(2);
  });

  it('are refused at once after failures in a row, and tried again after a rest', async () => {
    const calls = outside({ retries: 0, breaker: { failures: 3, restMs: 40 } });
    const down = failing(3);
    for (let i = 0; i < 3; i++) await expect(calls.call(down.work)).rejects.toThrow('down');
    await expect(calls.call(down.work)).rejects.toMatchObject({ code: 'unavailable' });
    expect([down.calls(), calls.isOpen]).toEqual([3, true]);
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(await calls.call(down.work)).toBe('fine');
    expect(calls.isOpen).toBe(false);
  });

  it('are not repeated, and do not count, when the failure is an answer', async () => {
    const calls = outside({
      mayPass: error => !(error instanceof AppError),
      breaker: { failures: 1, restMs: 1_000 },
    });
    const refused = failing(99, new AppError('not_found', 'No such user.'));
    await expect(calls.call(refused.work)).rejects.toThrow('No such user.');
    await expect(calls.call(refused.work)).rejects.toThrow('No such user.');
    expect(refused.calls()).toBe(2);
  });
});
