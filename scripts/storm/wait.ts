import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicNowMs } from '../../notification-service/src/platform/clock.ts';

/** Looks every `everyMs` until it holds; rejects with what was waited for. */
export async function until(
  what: string,
  withinMs: number,
  holds: () => Promise<boolean>,
  everyMs = 50,
): Promise<void> {
  const deadlineMs = monotonicNowMs() + withinMs;
  while (!(await holds())) {
    if (monotonicNowMs() > deadlineMs) throw new Error(`It did not come to this in ${withinMs} ms: ${what}.`);
    await sleep(everyMs);
  }
}
