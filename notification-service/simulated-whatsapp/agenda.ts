import type { Calendar } from './calendar.ts';

/** What is due at a calendar instant, in order; equal instants in the order they were added. */
export interface Agenda<T> {
  add(dueMs: number, item: T): void;
  /** Hands over everything that is due by now. Also called by its own timer. */
  run(): void;
  clear(): void;
  readonly size: number;
}

// A calendar may be moved by hand (tests), so sleeping for the computed time alone is not enough.
const LONGEST_SLEEP_MS = 100;

/** One heap and one timer for all acks, instead of a timer for each. */
export function createAgenda<T>(calendar: Calendar, onDue: (item: T, dueMs: number) => void): Agenda<T> {
  const heap: Entry<T>[] = [];
  let added = 0;
  let timer: NodeJS.Timeout | null = null;

  const arm = (): void => {
    const next = heap[0];
    if (timer) clearTimeout(timer);
    timer = null;
    if (!next) return;
    const realMs = (next.dueMs - calendar.now().getTime()) / Math.max(calendar.rate, 1);
    timer = setTimeout(run, Math.min(Math.max(Math.ceil(realMs), 0), LONGEST_SLEEP_MS));
    timer.unref();
  };
  const run = (): void => {
    const now = calendar.now().getTime();
    for (let next = heap[0]; next && next.dueMs <= now; next = heap[0]) {
      takeFirst(heap);
      onDue(next.item, next.dueMs);
    }
    arm();
  };

  return {
    add(dueMs, item) {
      const entry = { dueMs, order: added++, item };
      insert(heap, entry);
      if (heap[0] === entry) arm();
    },
    run,
    clear() {
      heap.length = 0;
      arm();
    },
    get size() {
      return heap.length;
    },
  };
}

interface Entry<T> {
  dueMs: number;
  order: number;
  item: T;
}

const before = <T>(a: Entry<T>, b: Entry<T>): boolean =>
  a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

function insert<T>(heap: Entry<T>[], entry: Entry<T>): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt];
    if (!parent || !before(entry, parent)) break;
    heap[at] = parent;
    heap[parentAt] = entry;
    at = parentAt;
  }
}

function takeFirst<T>(heap: Entry<T>[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let childAt = 2 * at + 1;
    let child = heap[childAt];
    const right = heap[childAt + 1];
    if (child && right && before(right, child)) {
      child = right;
      childAt += 1;
    }
    if (!child || !before(child, last)) break;
    heap[at] = child;
    at = childAt;
  }
  heap[at] = last;
}
