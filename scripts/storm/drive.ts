import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../notification-service/src/platform/random.ts';
import { randomInt } from '../../notification-service/src/platform/random.ts';
import type { StormPlan } from './plan.ts';
import type { Stage } from './stage.ts';
import type { Aim, KillStep, Strikes } from './strike.ts';

export interface Toll {
  kills: number;
  killsByStep: Record<KillStep, number>;
  freezes: number;
  flushes: number;
  mongodRestarts: number;
}

/** Over and over; a recovery is aimed at where somebody has just died in the middle of a turn. */
const AIMS: readonly Aim[] = [
  ...(['fenceToRecord', 'recovery', 'anything', 'takeToFence', 'fenceToRecord'] as const),
  ...(['anything', 'takeToFence', 'fenceToRecord', 'recovery', 'anything'] as const),
];
const KILLS_A_FREEZE = 5;

/** All kills of the plan with what happens between them. `tell` hears of each. */
export async function drive(
  plan: StormPlan,
  deps: {
    stage: Stage;
    strikes: Strikes;
    random: Random;
    tell(line: string): void;
    wave(n: number): Promise<void>;
  },
): Promise<Toll> {
  const { stage, strikes, random, tell } = deps;
  const toll: Toll = {
    kills: 0,
    killsByStep: { takeToFence: 0, fenceToRecord: 0, recordToEnd: 0, recovery: 0, elsewhere: 0, api: 0 },
    ...{ freezes: 0, flushes: 0, mongodRestarts: 0 },
  };
  const isMoment = (kill: number, times: number): boolean =>
    Array.from({ length: times }, (_, n) => Math.floor((plan.kills * (2 * n + 1)) / (2 * times))).includes(
      kill,
    );

  let wave = 0;
  for (let kill = 0; kill < plan.kills; kill++) {
    if (kill >= (plan.kills * wave) / plan.waves) {
      await deps.wave(wave++);
      tell(`wave ${wave} of people is referred`);
    }
    if (isMoment(kill, plan.flushes)) {
      await stage.flushRedis();
      toll.flushes += 1;
      tell('Redis is flushed');
    }
    if (isMoment(kill, plan.mongodRestarts)) {
      await stage.restartMongod();
      toll.mongodRestarts += 1;
      tell('mongod is started again');
    }
    if (kill % KILLS_A_FREEZE === 3) {
      await strikes.freeze(random() < 0.5 ? 'takeToFence' : 'fenceToRecord');
      toll.freezes += 1;
      tell('a sender sleeps');
    }
    const step = await strikes.kill(AIMS[kill % AIMS.length] ?? 'anything');
    toll.kills += 1;
    toll.killsByStep[step] += 1;
    tell(`kill ${toll.kills} of ${plan.kills}: ${step}`);
    await sleep(randomInt(random, 100, 900));
  }
  await strikes.recovered();
  return toll;
}
