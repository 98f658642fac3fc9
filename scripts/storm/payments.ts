import { setTimeout as sleep } from 'node:timers/promises';
import { wallNowMs } from '../../notification-service/src/platform/clock.ts';
import type { Db } from '../../notification-service/src/platform/mongo.ts';
import type { EnrollmentDoc } from '../../notification-service/src/enrollments/index.ts';
import type { Random } from '../../notification-service/src/platform/random.ts';
import type { Calls } from './calls.ts';
import type { Person } from './cast.ts';

/** What the platform was told when somebody had paid. */
export interface Payment {
  person: Person;
  outcome: 'stopped' | 'in_flight' | 'already' | 'none';
  /** Real time at which the answer was here. */
  answeredAtMs: number;
  /** `in_flight`: the last day that may still go out. */
  lastDay: number | null;
}

export interface Payments {
  readonly made: readonly Payment[];
  /** This person pays now. Tried until it is answered: the platform would do the same. */
  pay(person: Person): Promise<Payment>;
  /** Some pay, each at a moment of their own within `overMs`; some are reported twice. */
  payAtRandom(people: readonly Person[], overMs: number): Promise<void>;
}

const TRY_AGAIN_MS = 200;
const SHARE_OF_REPEATS = 0.3;

export function createPayments(deps: { calls: Calls; db: Db; random: Random }): Payments {
  const { calls, db, random } = deps;
  const made: Payment[] = [];

  const pay = async (person: Person): Promise<Payment> => {
    for (;;) {
      try {
        const answer = (await calls.service('/exit-user', { userId: person.id })) as {
          outcome: Payment['outcome'];
        };
        const answeredAtMs = wallNowMs();
        const lastDay = answer.outcome === 'in_flight' ? await dayInFlight(person, db) : null;
        const payment = { person, outcome: answer.outcome, answeredAtMs, lastDay };
        made.push(payment);
        return payment;
      } catch {
        await sleep(TRY_AGAIN_MS);
      }
    }
  };

  return {
    made,
    pay,
    async payAtRandom(people, overMs) {
      const payers = people.map(async person => {
        await sleep(random() * overMs);
        await pay(person);
        if (random() >= SHARE_OF_REPEATS) return;
        await sleep(random() * 2_000);
        await pay(person);
      });
      await Promise.all(payers);
    },
  };
}

/** Asked at once after the answer, long before another day could begin: the day that was on the wire then. */
async function dayInFlight({ id }: Person, db: Db): Promise<number> {
  for (;;) {
    try {
      const doc = await db.collection<EnrollmentDoc>('enrollments').findOne({ referralUserId: id });
      if (doc?.step.fence) return doc.step.day;
      return Math.max(0, ...Object.values(doc?.rows ?? {}).map(row => row.day));
    } catch {
      await sleep(TRY_AGAIN_MS);
    }
  }
}
