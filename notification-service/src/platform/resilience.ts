import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { AppError } from './errors.ts';
import type { Logger } from './logger.ts';

/** Another service, called with patience and without stubbornness. Machine time. */
export interface Outside {
  /**
   * Calls `work` with a signal that ends after `timeoutMs`, again after a failure that may pass, and not at all while
   * the breaker is open. Rejects with the last failure, with `timeout`, or with `unavailable` while it is open.
   */
  call<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R>;
  /** Whether calls are refused at once at present. */
  readonly isOpen: boolean;
}

export interface OutsideOptions {
  /** As it stands in log lines and sentences: `The user service`. */
  name: string;
  /** Of each single try. */
  timeoutMs: number;
  /** Further tries after the first; 0: none. */
  retries: number;
  /** The pause before the first retry; it doubles, with jitter, up to half a minute. */
  firstDelayMs?: number;
  /** So many failed tries in a row open the breaker, for `restMs`; then one call tries. */
  breaker: { failures: number; restMs: number };
  /** Whether a failure may pass by itself; all do by default. Others neither count nor are tried again. */
  mayPass?: (error: unknown) => boolean;
  logger: Logger;
}

export function createOutside(options: OutsideOptions): Outside {
  const { name, logger, mayPass = () => true } = options;
  const handled = handleWhen(error => !(error instanceof BrokenCircuitError) && mayPass(error));
  const breaker = circuitBreaker(handled, {
    halfOpenAfter: options.breaker.restMs,
    breaker: new ConsecutiveBreaker(options.breaker.failures),
  });
  breaker.onBreak(() => logger.warn('Calls are suspended after failures in a row.', { outside: name }));
  breaker.onReset(() => logger.info('Calls go through again.', { outside: name }));
  const again = retry(handled, {
    maxAttempts: options.retries,
    backoff: new ExponentialBackoff({ initialDelay: options.firstDelayMs ?? 500, maxDelay: 30_000 }),
  });
  const policy = wrap(again, breaker, timeout(options.timeoutMs, TimeoutStrategy.Aggressive));
  return {
    async call(work) {
      try {
        return await policy.execute(({ signal }) => work(signal));
      } catch (cause) {
        if (cause instanceof TaskCancelledError)
          throw new AppError('timeout', `${name} did not answer in time.`, { cause });
        if (!(cause instanceof BrokenCircuitError)) throw cause;
        throw new AppError('unavailable', `${name} is not reachable right now.`, {
          cause,
          retryAfterSeconds: 30,
        });
      }
    },
    get isOpen() {
      return breaker.state === CircuitState.Open;
    },
  };
}
