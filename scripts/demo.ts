import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicNowMs } from '../notification-service/src/platform/clock.ts';
import { networkLogAnswer } from './demo/answers.ts';
import { agrees, compare } from './demo/compare.ts';
import type { Figure } from './demo/compare.ts';
import type { Doors } from './demo/doors.ts';
import { play } from './demo/play.ts';
import { prepare } from './demo/prepare.ts';
import { resultLines } from './demo/print-result.ts';
import { openScroll } from './demo/scroll.ts';
import { openStage } from './demo/stage.ts';
import type { Stage } from './demo/stage.ts';
import { tally } from './demo/tally.ts';
import type { Payment, Tally } from './demo/tally.ts';

/**
 * `npm run demo [-- --json]`: seven days of follow-up in under a minute, with real stores and processes, driven through
 * HTTP alone. With `--json` the last line is `{sent, skipped, duplicates, lost, realSeconds, exits}`. Exit code 1 when
 * anything came twice, too late or not at all, or when the service's statistics are not what the network saw.
 */
const startedMs = monotonicNowMs();
const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => reject(new Error('Interrupted.')));
  }
});
interrupted.catch(() => undefined);

console.log('Starting MongoDB, Redis, the simulated WhatsApp and the service …');
const stage = await openStage();
try {
  process.exitCode = await Promise.race([tellStory(stage), stage.died, interrupted]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  for (const line of stage.complaints().slice(-20)) console.error(line);
  process.exitCode = 1;
} finally {
  await stage.close();
}

async function tellStory({ doors, clock, complaints }: Stage): Promise<0 | 1> {
  const scroll = openScroll(process.stdout, clock);
  await prepare(doors, clock, scroll);
  const payments = await play(doors, scroll);
  const { result, figures } = await settle(doors, payments);
  const realSeconds = Math.round((monotonicNowMs() - startedMs) / 100) / 10;
  const good =
    result.duplicates + result.lost + result.tooLate === 0 &&
    result.confirmations === 1 &&
    figures.every(agrees);
  for (const line of resultLines(result, figures)) scroll.print(line);
  scroll.print(
    `${good ? 'Nothing came twice and nothing was lost' : 'SOMETHING IS WRONG'}; ${realSeconds} s.`,
  );
  if (!good) for (const line of complaints().slice(-20)) console.error(line);
  if (process.argv.includes('--json')) {
    const { sent, skipped, duplicates, lost, exits } = result;
    console.log(JSON.stringify({ sent, skipped, duplicates, lost, realSeconds, exits }));
  }
  return good ? 0 : 1;
}

/** Statistics follow within seconds; what still differs then is a difference. */
async function settle(
  doors: Doors,
  payments: readonly Payment[],
): Promise<{ result: Tally; figures: Figure[] }> {
  const deadlineMs = monotonicNowMs() + 8_000;
  for (;;) {
    const { entries } = await doors.control(networkLogAnswer, 'GET', '/log');
    const result = tally(entries, payments);
    const figures = await compare(result, doors);
    if (figures.every(agrees) || monotonicNowMs() > deadlineMs) return { result, figures };
    await sleep(200);
  }
}
