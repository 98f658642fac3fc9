import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EnrollmentDoc } from '../../notification-service/src/enrollments/index.ts';
import { monotonicNowMs } from '../../notification-service/src/platform/clock.ts';
import { seededRandom } from '../../notification-service/src/platform/random.ts';
import { createCalls } from './calls.ts';
import type { Calls } from './calls.ts';
import { castOf, linkAll, prepare, refer } from './cast.ts';
import type { Person } from './cast.ts';
import { drive } from './drive.ts';
import type { Toll } from './drive.ts';
import { judge } from './judge.ts';
import type { Accepted, Verdict } from './judge.ts';
import { createPayments } from './payments.ts';
import type { Payments } from './payments.ts';
import type { StormPlan } from './plan.ts';
import type { Stage } from './stage.ts';
import { createStrikes } from './strike.ts';
import { createTurnWatch } from './turn-watch.ts';
import { makeWeather } from './weather.ts';

export interface StormResult {
  toll: Toll;
  verdict: Verdict;
  /** Two sends of one channel at once, as the network saw them. */
  overlaps: number;
}

const DAY_MS = 24 * 3_600_000;
const SHARE_OF_PAYERS = 0.12;
/** Everybody has a message a day, so when nothing has moved for so long something has come to a standstill. */
const STANDSTILL_DAYS = 3;
const STANDSTILL_AT_LEAST_MS = 30_000;
const LOOK_EVERY_MS = 1_000;

/** One storm from the first message text to the judgement. `tell` hears how it goes. */
export async function runStorm(
  plan: StormPlan,
  stage: Stage,
  tell: (line: string) => void,
): Promise<StormResult> {
  const random = seededRandom(plan.seed);
  const calls = createCalls(stage);
  const cast = castOf(plan);
  const payments = createPayments({ calls, db: stage.db, random });
  await prepare(cast, calls);
  await linkAll(cast, calls);
  tell(`${cast.members.length} members are connected`);

  const over = new AbortController();
  const weather = makeWeather(calls, random, over.signal);
  const paying: Promise<void>[] = [];
  const wave = async (n: number): Promise<void> => {
    const people = cast.people.filter((_, index) => index % plan.waves === n);
    const payers = people.filter(() => random() < SHARE_OF_PAYERS);
    // The first of them pays before anybody has heard of the referral.
    if (payers[0]) await payments.pay(payers[0]);
    await refer(people, calls, stage);
    paying.push(payments.payAtRandom(payers.slice(1), (7 * DAY_MS) / plan.rate));
  };
  const strikes = createStrikes({ ...stage, random, watch: createTurnWatch(stage.db) });
  const toll = await drive(plan, { stage, strikes, random, tell, wave });
  over.abort();
  await Promise.all([weather, ...paying]);
  tell('No more kills; what is left is sent');
  await settled(plan, stage);
  return { toll, ...(await evidenceOf(cast.people, payments, stage, calls)) };
}

/** Until every sequence has ended and nothing is under way, as long as anything moves: a busy machine is only slow. */
async function settled({ rate }: StormPlan, { db }: Stage): Promise<void> {
  const enrollments = db.collection<EnrollmentDoc>('enrollments');
  const underWay = { 'step.state': { $in: ['sending' as const, 'unknown' as const] } };
  const isOpen = { $or: [{ status: 'active' as const }, underWay] };
  const standstillMs = (STANDSTILL_DAYS * DAY_MS) / rate + STANDSTILL_AT_LEAST_MS;
  let seen = '';
  let movedMs = monotonicNowMs();
  for (;;) {
    const open = await enrollments.countDocuments(isOpen);
    if (open === 0) return;
    const last = await enrollments.findOne({}, { sort: { rowsAt: -1 }, projection: { rowsAt: 1 } });
    const state = `${open} ${last?.rowsAt?.toISOString()}`;
    if (state !== seen) movedMs = monotonicNowMs();
    seen = state;
    if (monotonicNowMs() - movedMs > standstillMs) {
      console.error(`Nothing has moved for ${Math.round(standstillMs / 1_000)} s; ${open} are still open.`);
      return;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function evidenceOf(
  people: readonly Person[],
  payments: Payments,
  { db, dir, realMsOf }: Stage,
  calls: Calls,
): Promise<Omit<StormResult, 'toll'>> {
  const answer = await calls.control('/log?after=0');
  const { entries, overlaps } = answer as { entries: Accepted[]; overlaps: number };
  const enrollments = await db.collection<EnrollmentDoc>('enrollments').find().toArray();
  const evidence = { log: entries, enrollments, people, payments: payments.made };
  await writeFile(join(dir, 'evidence.json'), JSON.stringify(evidence));
  const verdict = judge({ ...evidence, realMsOf });
  return { verdict, overlaps };
}
