import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { castOf, linkAll, prepare, refer } from '../../../scripts/storm/cast.ts';
import type { Person } from '../../../scripts/storm/cast.ts';
import { judge } from '../../../scripts/storm/judge.ts';
import type { Accepted } from '../../../scripts/storm/judge.ts';
import { createPayments } from '../../../scripts/storm/payments.ts';
import type { ChannelDoc } from '../../src/channels/index.ts';
import type { EnrollmentDoc } from '../../src/enrollments/index.ts';
import { wallTimeAt } from '../../src/platform/calendar-time.ts';
import { channelIdOf } from '../../src/platform/ids.ts';
import { seededRandom } from '../../src/platform/random.ts';
import { openProcessBed } from '../process-bed.ts';
import type { ProcessBed } from '../process-bed.ts';
import { until } from '../test-app.ts';

/** The three journeys, with every role a process of its own: api, scheduler and two senders, one of which is killed. */
let bed: ProcessBed;

const DAY_IN_2400_MS = 36_000;
const { members, people } = castOf({ members: 2, referralsEach: 4 });
const [first, second] = members as [(typeof members)[number], (typeof members)[number]];
const [payer, stopper, answerer] = people as [Person, Person, Person];

beforeAll(async () => {
  bed = await openProcessBed({
    rate: DAY_IN_2400_MS,
    start: '2026-03-02T06:00:00.000Z',
    environment: {
      INSTANCE_HEARTBEAT_MS: '300',
      INSTANCE_DEAD_AFTER_MS: '3000',
      RELANCE_ENROLLMENT_DELAY_MINUTES: '0',
      // On a calendar this fast, hours are milliseconds: the hourly question would be one question after the other.
      RELANCE_ENROLLMENT_CRON: '0 */6 * * *',
      RELANCE_PAYMENT_FRESHNESS_MINUTES: String(3 * 24 * 60),
      RELANCE_MAX_SHIFT_DAYS: '60',
    },
  });
  await prepare({ members, people }, bed.calls);
});
afterAll(() => bed.close());

const channels = () => bed.stores.db.collection<ChannelDoc>('channels');
const enrollments = () => bed.stores.db.collection<EnrollmentDoc>('enrollments');
const log = async () => {
  const answer = (await bed.calls.control('/log?after=0')) as { entries: Accepted[]; overlaps: number };
  return { ...answer, entries: answer.entries.filter(({ device }) => device !== null) };
};
const sentTo = async ({ phone }: Person) => (await log()).entries.filter(({ to }) => to === phone);
const exitOf = async ({ id }: Person) =>
  (await enrollments().findOne({ referralUserId: id }))?.exitReason ?? null;
const statusOf = async (memberId: string) =>
  (await bed.calls.member(memberId, 'GET', '/status')) as {
    whatsappStatus: string;
    phoneNumber: string | null;
  };
const hostOf = async (memberId: string) => {
  const channel = await channels().findOne({ _id: channelIdOf(memberId) });
  const { sender1, sender2 } = bed.processes;
  return [sender1, sender2].find(sender => sender.wasEver(channel?.owner.instance ?? ''));
};

describe('api, scheduler and two senders as processes of their own', { timeout: 90_000 }, () => {
  it('connect: the api hands out the QR and the pairing code of a session that a sender holds', async () => {
    await linkAll({ members: [first], people }, bed.calls);
    const { pairingCode } = (await bed.calls.member(second.id, 'POST', '/connect', {
      phoneNumber: `+${second.phone}`,
    })) as { pairingCode: string };
    await bed.calls.control('/links/code', { code: pairingCode, phone: second.phone });
    await until(
      async () => (await statusOf(second.id)).whatsappStatus === 'connected',
      'the code links the second member',
    );
    expect(await statusOf(second.id)).toMatchObject({ phoneNumber: second.phone });
    for (const { id } of members) expect(await hostOf(id)).toBeDefined();
  });

  it('follow up and exit: seven daily messages, each once, through a kill; payment, STOP and answer stop', async () => {
    const payments = createPayments({ calls: bed.calls, db: bed.stores.db, random: seededRandom(1) });
    await refer(people, bed.calls, bed);
    await until(async () => (await sentTo(payer)).length >= 2, 'two days have gone out');
    // Somebody to whom nothing was sent has no hidden id yet: what they say is a stranger's words.
    const isKnown = async (person: Person) => (await sentTo(person)).length >= 1;
    await until(async () => (await isKnown(stopper)) && (await isKnown(answerer)), 'both were written to');
    await payments.pay(payer);
    expect(['stopped', 'in_flight']).toContain(payments.made[0]?.outcome);
    await expect(bed.calls.service('/exit-user', { userId: payer.id })).resolves.toMatchObject({
      enrollments: 0,
    });

    const killed = await killInTheMiddle();
    await until(async () => {
      const host = await hostOf(first.id);
      return host !== undefined && host !== killed && host.isUp();
    }, 'the other sender has taken over');
    await bed.calls.control(`/numbers/${stopper.phone}/say`, { to: first.phone, text: 'STOP !' });
    await bed.calls.control(`/numbers/${answerer.phone}/say`, { to: first.phone, text: 'Oui, appelle-moi' });
    await until(async () => (await exitOf(stopper)) === 'opted_out', 'STOP opts out');
    await until(async () => (await exitOf(answerer)) === 'replied', 'an answer ends the sequence');
    const stoppedWith = { stopper: await days(stopper), answerer: await days(answerer) };

    const isOpen = {
      $or: [{ status: 'active' as const }, { 'step.state': { $ne: 'scheduled' as const } }],
    };
    await until(async () => (await enrollments().countDocuments(isOpen)) === 0, 'all have ended', 60_000);
    expect({ stopper: await days(stopper), answerer: await days(answerer) }).toEqual(stoppedWith);
    await agreed(payments.made);
  });
});

const days = async (person: Person) => (await sentTo(person)).filter(({ text }) => text.startsWith('Jour '));

/** While a message of the first member is on a slow wire, between fence and record: kill -9, and nobody starts it again. */
async function killInTheMiddle() {
  await bed.calls.control('/faults', { phone: first.phone, kind: 'slow', count: 1, delayMs: 1_500 });
  const onTheWire = { channelId: channelIdOf(first.id), 'step.state': 'sending' as const };
  await until(async () => (await enrollments().countDocuments(onTheWire)) > 0, 'a message is on the wire');
  const victim = await hostOf(first.id);
  await victim!.kill();
  expect(await enrollments().countDocuments(onTheWire)).toBe(1);
  return victim!;
}

/** WhatsApp's own log is the judge; then the figures that a member sees have to agree with it. */
async function agreed(payments: Parameters<typeof judge>[0]['payments']): Promise<void> {
  const { entries, overlaps } = await log();
  const docs = await enrollments().find().toArray();
  const verdict = judge({ log: entries, enrollments: docs, people, payments, realMsOf: bed.realMsOf });
  expect(verdict).toMatchObject({ duplicates: 0, lost: 0, afterStopped: 0, unrecorded: 0, unfinished: 0 });
  expect(overlaps).toBe(0);
  expect(docs.map(({ exitReason }) => exitReason).sort()).toEqual(
    [...Array<string>(5).fill('completed_7_days'), 'opted_out', 'paid', 'replied'].sort(),
  );
  for (const person of people) {
    const dates = (await days(person)).map(({ at }) => wallTimeAt(new Date(at), 'Europe/Paris').date);
    expect(new Set(dates).size).toBe(dates.length);
  }
  for (const { id } of members) {
    const phones = new Set(people.filter(({ memberId }) => memberId === id).map(({ phone }) => phone));
    const sent = entries.filter(({ to, text }) => phones.has(to) && !text.startsWith('C’est noté')).length;
    await until(async () => {
      const stats = await bed.calls.member(id, 'GET', '/campaigns/default/stats');
      return (stats as { totalMessagesSent: number }).totalMessagesSent === sent;
    }, `the statistics of ${id} say ${sent}`);
  }
}
