import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../notification-service/src/platform/random.ts';
import { randomInt } from '../../notification-service/src/platform/random.ts';
import type { Calls } from './calls.ts';

/** What goes wrong on WhatsApp's side meanwhile; mostly a slow wire, which keeps turns between fence and record. */
const FAULTS = [
  { kind: 'slow', share: 0.76 },
  { kind: 'accepted-then-crash', share: 0.06 },
  { kind: 'accepted-then-silence', share: 0.06 },
  { kind: 'lost-before', share: 0.05 },
  { kind: 'not-ready', share: 0.04 },
  { kind: 'ack-late', share: 0.03 },
] as const;

/** Makes bad weather until it is over. */
export async function makeWeather(calls: Calls, random: Random, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const kind = draw(random);
    const slow = kind === 'slow';
    const count = slow ? randomInt(random, 2, 6) : 1;
    const delayMs = slow ? randomInt(random, 100, 900) : randomInt(random, 60_000, 3_600_000);
    await calls.control('/faults', { kind, count, delayMs });
    await sleep(randomInt(random, 200, 900), undefined, { signal: over }).catch(() => undefined);
  }
}

function draw(random: Random): (typeof FAULTS)[number]['kind'] {
  let left = random();
  for (const { kind, share } of FAULTS) {
    left -= share;
    if (left < 0) return kind;
  }
  return 'slow';
}
