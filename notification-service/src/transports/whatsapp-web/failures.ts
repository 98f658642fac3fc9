import { TransportError } from '../../channels/transport.ts';

/** Runs a listener so that neither its throw nor its rejection goes anywhere but to `onFailure`. */
export const guarded =
  <A extends unknown[]>(listener: (...args: A) => unknown, onFailure: (error: unknown) => void) =>
  (...args: A): void => {
    try {
      const result = listener(...args);
      if (result instanceof Promise) result.catch(onFailure);
    } catch (error) {
      onFailure(error);
    }
  };

/** The promise, or a {@link TransportError} `deadline` when it takes longer. What it does later is nobody's concern. */
export function within<T>(deadlineMs: number, promise: Promise<T>, sentence: string): Promise<T> {
  // It may fail long after the deadline.
  promise.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TransportError('deadline', sentence)), deadlineMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** One line about anything that was thrown: the library throws plain strings too. For the log only. */
export function whatWasThrown(error: unknown): string {
  if (typeof error === 'string') return error;
  if (error instanceof Error) return error.message.split('\n')[0] ?? '';
  return String(error);
}

/** The page went away under the question: it reloaded, or its browser is gone. */
export const isPageGone = (error: unknown): boolean =>
  /context was destroyed|detached|Target closed|Session closed|Connection closed|no page yet/i.test(
    whatWasThrown(error),
  );
