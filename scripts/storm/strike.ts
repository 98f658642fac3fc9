import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicNowMs } from '../../notification-service/src/platform/clock.ts';
import type { Random } from '../../notification-service/src/platform/random.ts';
import { randomInt } from '../../notification-service/src/platform/random.ts';
import type { ServiceProcess } from './service-process.ts';
import { DEAD_AFTER_MS } from './stage.ts';
import type { TurnPlace, TurnWatch } from './turn-watch.ts';

/** Where a process was when it was killed; `elsewhere`: none of its channels had a turn. */
export type KillStep = TurnPlace | 'elsewhere' | 'api';
/** What is aimed at; `anything`: any process, at any moment. */
export type Aim = 'takeToFence' | 'fenceToRecord' | 'recovery' | 'anything';

export interface Strikes {
  /** Kills one process at the place aimed at, or at any when it does not come up in time; it is started again by itself. */
  kill(aim: Aim): Promise<KillStep>;
  /** Stops one sender in the middle of its work until it has been taken for dead, then lets it go on. */
  freeze(aim: Aim): Promise<void>;
  /** Resolves when everything that was struck runs again. */
  recovered(): Promise<void>;
}

const AIM_WITHIN_MS = 8_000;
const LOOK_EVERY_MS = 2;
/** What the dead had sent to the store is there by then. */
const LAST_WORDS_MS = 40;
const SHARE_OF_API = 0.2;
const START_TRIES = 10;

export function createStrikes(deps: {
  watch: TurnWatch;
  senders: readonly ServiceProcess[];
  api: ServiceProcess;
  random: Random;
}): Strikes {
  const { watch, senders, api, random } = deps;
  const busy = new Map<ServiceProcess, Promise<void>>();
  const freeSenders = () => senders.filter(sender => sender.isUp() && !busy.has(sender));
  const hostOf = (instanceId: string) => freeSenders().find(sender => sender.wasEver(instanceId));

  /** A process that cannot be started any more is told at the next strike. */
  const failures: unknown[] = [];
  const occupy = (process: ServiceProcess, work: () => Promise<void>): void => {
    const done = work()
      .catch((error: unknown) => void failures.push(error))
      .finally(() => busy.delete(process));
    busy.set(process, done);
  };
  const failIfBroken = (): void => {
    if (failures.length > 0) throw new Error('A process does not come up again.', { cause: failures[0] });
  };

  /** The process is stopped at first sight, and looked at again: only what really stands there is struck. */
  async function stopAt(aim: Exclude<Aim, 'anything'>): Promise<ServiceProcess | null> {
    const untilMs = monotonicNowMs() + AIM_WITHIN_MS;
    while (monotonicNowMs() < untilMs) {
      const turn = (await watch.look()).find(({ place, owner }) => place === aim && hostOf(owner));
      const victim = turn && hostOf(turn.owner);
      if (!victim) {
        await sleep(LOOK_EVERY_MS);
        continue;
      }
      victim.freeze();
      const again = await watch.look();
      if (again.some(({ place, owner }) => place === aim && victim.wasEver(owner))) return victim;
      victim.thaw();
    }
    return null;
  }

  async function anyFree(candidates: () => ServiceProcess[]): Promise<ServiceProcess> {
    for (;;) {
      failIfBroken();
      const free = candidates();
      const chosen = free[randomInt(random, 0, free.length - 1)];
      if (chosen) return chosen;
      await sleep(20);
    }
  }

  async function victimOf(aim: Aim): Promise<ServiceProcess> {
    const aimed = aim === 'anything' ? null : await stopAt(aim);
    if (aimed) return aimed;
    await sleep(randomInt(random, 0, 1_500));
    const hitsApi = aim === 'anything' && random() < SHARE_OF_API && api.isUp() && !busy.has(api);
    return hitsApi ? api : anyFree(freeSenders);
  }

  async function placeOf(victim: ServiceProcess, aim: Aim): Promise<KillStep> {
    if (victim === api) return 'api';
    await sleep(LAST_WORDS_MS);
    const places = (await watch.look())
      .filter(({ owner }) => victim.wasEver(owner))
      .map(({ place }) => place);
    const order: TurnPlace[] = ['recovery', 'takeToFence', 'fenceToRecord', 'recordToEnd'];
    return places.find(place => place === aim) ?? order.find(place => places.includes(place)) ?? 'elsewhere';
  }

  return {
    async kill(aim) {
      const victim = await victimOf(aim);
      await victim.kill();
      const step = await placeOf(victim, aim);
      occupy(victim, () => startAgain(victim));
      return step;
    },
    async freeze(aim) {
      const victim = (aim === 'anything' ? null : await stopAt(aim)) ?? (await anyFree(freeSenders));
      victim.freeze();
      occupy(victim, async () => {
        await sleep(DEAD_AFTER_MS + randomInt(random, 300, 2_000));
        victim.thaw();
      });
    },
    async recovered() {
      while (busy.size > 0) await Promise.all(busy.values());
      failIfBroken();
    },
  };
}

/** A store that is just away makes a start fail; whoever runs it tries again. */
async function startAgain(process: ServiceProcess): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await process.start();
      return;
    } catch (error) {
      if (tries >= START_TRIES) throw error;
    }
  }
}
