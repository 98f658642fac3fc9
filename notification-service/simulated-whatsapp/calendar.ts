/**
 * The network's own two clocks. This program shares no code with the service it judges,
 * so the few lines of the simulated calendar exist twice.
 */
export interface Calendar {
  now(): Date;
  /** Calendar milliseconds per real millisecond. */
  readonly rate: number;
}

export const realCalendar: Calendar = { now: () => new Date(), rate: 1 };

/** Reads `origin=<instant>,start=<instant>,rate=<n>`; undefined when it is not of this form. */
export function calendarFrom(text: string): Calendar | undefined {
  const parts = new Map(
    text.split(',').map(pair => [pair.split('=')[0]?.trim(), pair.split('=')[1]?.trim()]),
  );
  const originMs = Date.parse(parts.get('origin') ?? '');
  const startMs = Date.parse(parts.get('start') ?? '');
  const rate = Number(parts.get('rate'));
  if (!Number.isFinite(originMs) || !Number.isFinite(startMs) || !Number.isFinite(rate) || rate < 1)
    return undefined;
  return { now: () => new Date(startMs + (Date.now() - originMs) * rate), rate };
}

/** Real wall-clock milliseconds: QR life, and when a send really came and was answered. */
export const realNowMs = (): number => Date.now();
