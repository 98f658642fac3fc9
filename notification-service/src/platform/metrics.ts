import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

type Labels = Readonly<Record<string, string | number>>;

/** Prometheus metrics of this process. Names begin with `relance_`; declaring a name twice gives the same metric. */
export interface Metrics {
  /** Counts up. */
  counter(name: string, help: string): (labels?: Labels, by?: number) => void;
  /** A value of this moment. */
  gauge(name: string, help: string): (value: number, labels?: Labels) => void;
  /** Durations in seconds (or what `buckets` are in). */
  histogram(name: string, help: string, buckets?: number[]): (value: number, labels?: Labels) => void;
  /** A gauge whose value is asked for when somebody looks. */
  observe(name: string, help: string, read: () => Promise<number> | number): void;
  /** The text Prometheus reads. */
  expose(): Promise<{ contentType: string; text: string }>;
}

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180];

/** `processMetrics`: memory, event loop and garbage collection as well. */
export function createMetrics(options: { processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.processMetrics === true) collectDefaultMetrics({ register: registry });
  const labelled = new Map<string, Set<string>>();

  /** prom-client wants label names in advance; ours come with the first use, in the order of their names. */
  const labelNames = (name: string, labels: Labels): string[] => {
    const names = Object.keys(labels).sort();
    const known = labelled.get(name);
    if (known && names.some(label => !known.has(label)))
      throw new Error(`${name} has no label ${names.join(', ')}`);
    if (!known) labelled.set(name, new Set(names));
    return names;
  };
  const metricOf = <M>(name: string, labels: Labels, make: (names: string[]) => M): M => {
    const names = labelNames(name, labels);
    return (registry.getSingleMetric(name) as M | undefined) ?? make(names);
  };
  const common = (name: string, help: string) => ({ name, help, registers: [registry] });

  return {
    counter:
      (name, help) =>
      (labels = {}, by = 1) =>
        metricOf(name, labels, names => new Counter({ ...common(name, help), labelNames: names })).inc(
          { ...labels },
          by,
        ),
    gauge:
      (name, help) =>
      (value, labels = {}) =>
        metricOf(name, labels, names => new Gauge({ ...common(name, help), labelNames: names })).set(
          { ...labels },
          value,
        ),
    histogram:
      (name, help, buckets = SECONDS) =>
      (value, labels = {}) =>
        metricOf(
          name,
          labels,
          names => new Histogram({ ...common(name, help), labelNames: names, buckets }),
        ).observe({ ...labels }, value),
    observe(name, help, read) {
      new Gauge({
        ...common(name, help),
        async collect() {
          this.set(await read());
        },
      });
    },
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
