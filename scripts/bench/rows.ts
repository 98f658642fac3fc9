/** One measured figure beside its baseline from the same run: machines are shared and noisy, ratios travel. */
export interface Row {
  name: string;
  value: number;
  unit: string;
  baseline: number | null;
  /** As the goal counts it: value over baseline. */
  ratio: number | null;
  goal: string;
  met: boolean;
}

const rounded = (value: number): number =>
  Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 1000) / 1000;

/** `atLeast` and `atMost` are bounds of the ratio; `below` one of the value itself. */
export function row(
  measured: { name: string; value: number; unit: string; baseline?: number },
  goal: { atLeast: number } | { atMost: number } | { below: number } | { exactly: number },
): Row {
  const baseline = measured.baseline ?? null;
  const ratio = baseline === null || baseline === 0 ? null : measured.value / baseline;
  const [text, met] =
    'atLeast' in goal
      ? [`ratio ≥ ${rounded(goal.atLeast)}`, (ratio ?? 0) >= goal.atLeast]
      : 'atMost' in goal
        ? [`ratio ≤ ${rounded(goal.atMost)}`, (ratio ?? Infinity) <= goal.atMost]
        : 'below' in goal
          ? [`< ${goal.below} ${measured.unit}`, measured.value < goal.below]
          : [`= ${goal.exactly}`, measured.value === goal.exactly];
  return {
    name: measured.name,
    value: rounded(measured.value),
    unit: measured.unit,
    baseline: baseline === null ? null : rounded(baseline),
    ratio: ratio === null ? null : rounded(ratio),
    goal: text,
    met,
  };
}

/** What `--json` ends with. */
export const reportLine = (rows: readonly Row[]): string => JSON.stringify({ rows });

/** The p-th percentile (0–1) of some durations. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? NaN;
}

/** Runs `work` over all items, `width` at a time; returns what each took, in milliseconds. */
export async function timedSideBySide<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<unknown>,
): Promise<number[]> {
  const took: number[] = [];
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) {
      const started = performance.now();
      await work(item);
      took.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return took;
}

/** Medians, in milliseconds, of two questions that are asked in turns, so that both meet the same noise. */
export async function mediansInTurns(
  asks: readonly [() => Promise<unknown>, () => Promise<unknown>],
  times: number,
): Promise<[number, number]> {
  const took: [number[], number[]] = [[], []];
  for (let n = 0; n < times; n++) {
    // Who comes second would find the caches warmed by the first.
    for (const which of n % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const started = performance.now();
      await asks[which]();
      took[which].push(performance.now() - started);
    }
  }
  return [percentile(took[0], 0.5), percentile(took[1], 0.5)];
}
