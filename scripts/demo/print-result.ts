import { agrees } from './compare.ts';
import type { Figure } from './compare.ts';
import { EMPTY_DAY } from './cast.ts';
import type { Tally } from './tally.ts';

/** The final table, as lines. Pure. */
export function resultLines(tally: Tally, figures: readonly Figure[]): string[] {
  const row = (name: string, value: number | string): string =>
    `  ${name.padEnd(40)}${String(value).padStart(6)}`;
  const disagreeing = figures.filter(figure => !agrees(figure));
  return [
    '',
    'By the network’s log',
    ...tally.sentPerDay.map(({ day, sent }) =>
      row(`day ${day}`, day === EMPTY_DAY ? `${sent} sent, ${tally.skipped} left out` : sent),
    ),
    row('sent in all', tally.sent),
    ...Object.entries(tally.exits).map(([reason, count]) => row(`exit: ${reason}`, count)),
    row('confirmations of STOP', tally.confirmations),
    row('after a payment, an answer or STOP', tally.tooLate),
    row('duplicates', tally.duplicates),
    row('lost', tally.lost),
    '',
    disagreeing.length === 0
      ? `The service’s own statistics say the same: ${figures.length} figures of ${figures.length} agree.`
      : `THE SERVICE’S OWN STATISTICS SAY SOMETHING ELSE: ${disagreeing.length} figures of ${figures.length}.`,
    ...disagreeing.map(({ what, network, service }) => `  ${what}: network ${network}, service ${service}`),
  ];
}
