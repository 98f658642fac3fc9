import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { monotonicNowMs } from '../../notification-service/src/platform/clock.ts';
import { anything, campaignAnswer, exitAnswer, networkLogAnswer } from './answers.ts';
import type { NetworkMessage } from './answers.ts';
import { dayOf, DAYS, EMPTY_DAY, EVENTS, MEMBER, PEOPLE, UNREGISTERED } from './cast.ts';
import type { Doors } from './doors.ts';
import type { Scroll } from './scroll.ts';
import type { Payment } from './tally.ts';

const LOOK_EVERY_MS = 150;
/** Statistics are asked for less often than the network's log. */
const LOOKS_PER_STATISTICS = 5;
const OVER_WITHIN_MS = 150_000;
/** For the bar alone: everybody whom nothing stops, and the days of those whom something does. */
const AWAITED =
  (PEOPLE.length - EVENTS.length - 1) * (DAYS.length - 1) +
  EVENTS.reduce<number>((sum, { afterDay }) => sum + afterDay, 0);

/** The seven days: watches the network and lets things happen to people, until the service says nobody is left. */
export async function play(doors: Doors, scroll: Scroll): Promise<Payment[]> {
  const payments: Payment[] = [];
  const happened = new Set<string>();
  const begun = new Set<number>();
  const log: NetworkMessage[] = [];
  const deadlineMs = monotonicNowMs() + OVER_WITHIN_MS;
  let stats: CampaignStats | null = null;
  for (let look = 0; ; look++) {
    const { entries } = await doors.control(networkLogAnswer, 'GET', `/log?after=${log.length}`);
    log.push(...entries);
    if (stats === null || look % LOOKS_PER_STATISTICS === 0) {
      stats = (await doors.member(campaignAnswer, 'GET', '/campaigns/default/stats')).data;
    }
    for (const day of new Set(daysIn(entries))) {
      if (begun.has(day)) continue;
      begun.add(day);
      if (day === EMPTY_DAY + 1) scroll.say(`Day ${EMPTY_DAY} has no message: it was left out.`);
      scroll.say(`Day ${day} begins in the first time zone.`);
    }
    for (const event of EVENTS) {
      if (happened.has(event.person.id) || !hasGot(log, event.person.phone, event.afterDay)) continue;
      happened.add(event.person.id);
      await letHappen(event, { doors, scroll, payments, seq: log.length });
    }
    if (!happened.has(UNREGISTERED.id) && (stats.exitReasons['invalid_number'] ?? 0) > 0) {
      happened.add(UNREGISTERED.id);
      scroll.say(`${UNREGISTERED.name}’s number is not on WhatsApp: the sequence ends.`);
    }
    const sent = log.filter(({ text }) => dayOf(text) !== null).length;
    scroll.progress(sent, AWAITED, `${sent} messages, ${stats.activeTargets} people under way`);
    if (stats.totalEnrolled === PEOPLE.length && stats.activeTargets === 0) return payments;
    if (monotonicNowMs() > deadlineMs) {
      scroll.say(`Given up: ${stats.totalEnrolled} are enrolled and ${stats.activeTargets} still under way.`);
      return payments;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

type CampaignStats = z.output<typeof campaignAnswer>['data'];

const daysIn = (entries: readonly NetworkMessage[]): number[] =>
  entries.flatMap(({ text }) => dayOf(text) ?? []);
const hasGot = (log: readonly NetworkMessage[], phone: string, day: number): boolean =>
  log.some(({ to, text }) => to === phone && dayOf(text) === day);

async function letHappen(
  { person, kind, text, afterDay }: (typeof EVENTS)[number],
  { doors, scroll, payments, seq }: { doors: Doors; scroll: Scroll; payments: Payment[]; seq: number },
): Promise<void> {
  if (kind === 'paid') {
    const body = { userId: person.id, reason: 'paid', eventId: `payment-${person.id}` };
    const { data } = await doors.service(exitAnswer, 'POST', '/exit-user', body);
    const { lastSeq } = await doors.control(networkLogAnswer, 'GET', `/log?after=${seq}`);
    payments.push({ personId: person.id, afterSeq: lastSeq, inFlight: data.outcome === 'in_flight' });
    scroll.say(`${person.name} pays on day ${afterDay} (${data.outcome}).`);
  } else {
    await doors.control(anything, 'POST', `/numbers/${person.phone}/say`, { to: MEMBER.phone, text });
    scroll.say(`${person.name} writes “${text}” on day ${afterDay}.`);
  }
}
