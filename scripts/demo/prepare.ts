import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../notification-service/src/platform/clock.ts';
import { anything, linksAnswer, referralsAnswer, statusAnswer } from './answers.ts';
import { DAYS, EMPTY_DAY, MEMBER, messageOf, PEOPLE, UNREGISTERED } from './cast.ts';
import type { Doors } from './doors.ts';
import type { Scroll } from './scroll.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const CONNECTED_WITHIN_STEPS = 200;

/** An admin writes the messages, the member scans the QR with a number long in use, and 40 people are referred. */
export async function prepare(doors: Doors, clock: Clock, scroll: Scroll): Promise<void> {
  const ago = (ms: number): string => new Date(clock.now().getTime() - ms).toISOString();
  await doors.control(anything, 'POST', '/numbers', {
    numbers: [
      { phone: MEMBER.phone, name: MEMBER.name, registered: true, since: ago(60 * DAY_MS) },
      ...PEOPLE.map(({ id, phone, name }) => ({ phone, name, registered: id !== UNREGISTERED.id })),
    ],
  });
  for (const dayNumber of DAYS.filter(day => day !== EMPTY_DAY)) {
    await doors.admin(anything, 'POST', '/messages', { dayNumber, messageTemplate: messageOf(dayNumber) });
  }
  scroll.say(`An admin has written the messages in three languages; day ${EMPTY_DAY} has none.`);
  await doors.member(anything, 'PATCH', '/config', { maxMessagesPerDay: 100 });
  await connect(doors);
  scroll.say(`${MEMBER.name} has scanned the QR; the number has been in use for 60 days.`);
  const referrals = PEOPLE.map(({ id, name, phone, country, language }) => ({
    _id: id,
    ...{ name, country, language: [language], phoneNumber: phone },
    referrerUserId: MEMBER.userId,
    email: `${id}@example.org`,
    activeSubscriptionTypes: [],
    createdAt: ago(2 * HOUR_MS),
  }));
  const { data } = await doors.service(referralsAnswer, 'POST', '/referrals', { referrals });
  if (data.added !== PEOPLE.length) throw new Error(`Not everybody was taken: ${JSON.stringify(data)}`);
  const zones = new Set(PEOPLE.map(({ zone }) => zone)).size;
  scroll.say(`${PEOPLE.length} people were referred, in ${zones} time zones; enrollment runs every hour.`);
}

async function connect(doors: Doors): Promise<void> {
  await doors.member(anything, 'POST', '/connect', {});
  const [link] = await doors.control(linksAnswer, 'GET', '/links');
  if (!link) throw new Error('The network shows no QR.');
  await doors.control(anything, 'POST', `/links/${link.device}/scan`, { phone: MEMBER.phone });
  for (let step = 0; step < CONNECTED_WITHIN_STEPS; step++) {
    const { data } = await doors.member(statusAnswer, 'GET', '/status');
    if (data.whatsappStatus === 'connected') return;
    await sleep(50);
  }
  throw new Error(`${MEMBER.name} did not get connected.`);
}
