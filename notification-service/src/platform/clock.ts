/**
 * Two kinds of time, never mixed. Calendar time (due times, windows, gaps, caps) comes from a {@link Clock};
 * machine time (deadlines, leases, heartbeats) is monotonic and real.
 */
export interface Clock {
  /** The present instant of the calendar, UTC. */
  now(): Date;
  /** Calendar milliseconds per real millisecond: 1, or more on an accelerated calendar. */
  readonly rate: number;
}

export const systemClock: Clock = { now: () => new Date(), rate: 1 };

export interface SimulatedCalendar {
  originMs: number;
  startMs: number;
  rate: number;
}

/** `start + (real − origin) × rate`: the same in every process that is given the same three numbers. */
export function simulatedClock({ originMs, startMs, rate }: SimulatedCalendar): Clock {
  return { now: () => new Date(startMs + (Date.now() - originMs) * rate), rate };
}

/** Reads `origin=<instant>,start=<instant>,rate=<n>`; undefined when it is not of this form. */
export function parseSimulatedCalendar(text: string): SimulatedCalendar | undefined {
  const parts = new Map(
    text.split(',').map(pair => {
      const [name = '', value = ''] = pair.split('=', 2);
      return [name.trim(), value.trim()] as const;
    }),
  );
  const originMs = Date.parse(parts.get('origin') ?? '');
  const startMs = Date.parse(parts.get('start') ?? '');
  const rate = Number(parts.get('rate'));
  if (!Number.isFinite(originMs) || !Number.isFinite(startMs) || !(rate >= 1)) return undefined;
  return { originMs, startMs, rate };
}

/** Real, wall-clock epoch milliseconds: for step 6 of a turn and for token expiry only. */
export const wallNowMs = (): number => Date.now();

/** Monotonic machine milliseconds; only differences mean anything. */
export const monotonicNowMs = (): number => performance.now();
