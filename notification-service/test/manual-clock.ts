import type { Clock } from '../src/platform/clock.ts';

export interface ManualClock extends Clock {
  set(instant: string): void;
  advance(ms: number): void;
}

/** A calendar that stands still until a test moves it. */
export function manualClock(startIso: string): ManualClock {
  let nowMs = instantOf(startIso);
  return {
    rate: 1,
    now: () => new Date(nowMs),
    set: instant => {
      nowMs = instantOf(instant);
    },
    advance: ms => {
      nowMs += ms;
    },
  };
}

/** A calendar that goes on at its usual pace (or `rate` times it), as the simulated network needs it, and jumps when a test says so. */
export function runningClock(startIso: string, rate = 1): ManualClock {
  const still = manualClock(startIso);
  let sinceMs = performance.now();
  return {
    rate,
    now: () => new Date(still.now().getTime() + (performance.now() - sinceMs) * rate),
    set: instant => {
      still.set(instant);
      sinceMs = performance.now();
    },
    advance: ms => still.advance(ms),
  };
}

function instantOf(iso: string): number {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) throw new Error(`Not an instant: ${iso}`);
  return ms;
}
