import nodeCron from 'node-cron';
import type { Clock } from './clock.ts';
import { nextRun, parseCron } from './cron.ts';
import type { Logger } from './logger.ts';

export interface Tick {
  /** Stops ticking; resolves when a run that is under way has ended. */
  stop(): Promise<void>;
}

export interface TickOptions {
  name: string;
  /** A cron expression is calendar time, in UTC; milliseconds are machine time. */
  when: string | { everyMs: number };
  clock: Clock;
  logger: Logger;
  /** `at`: the calendar's instant of this run. Not called while the last call is still under way. */
  run: (at: Date) => Promise<unknown>;
}

/** Timers hold at most 24.8 days, and a machine may have slept: look again at least this often. */
const LONGEST_SLEEP_MS = 60_000;

/** Does `run` again and again. A failure is logged and the next tick comes all the same. */
export function tick(options: TickOptions): Tick {
  const once = oneAtATime(options);
  const stop =
    typeof options.when === 'string'
      ? tickByCron(options, options.when, once.run)
      : tickByTimer(options.when.everyMs, once.run);
  return {
    async stop() {
      await stop();
      await once.idle();
    },
  };
}

function oneAtATime({ name, logger, clock, run }: TickOptions) {
  let running: Promise<void> | null = null;
  const attempt = async (at: Date) => {
    try {
      await run(at);
    } catch (error) {
      logger.error('A scheduled run failed.', { job: name, error });
    } finally {
      running = null;
    }
  };
  return {
    run: (at: Date = clock.now()) => (running ??= attempt(at)),
    idle: () => running ?? Promise.resolve(),
  };
}

type Stop = () => Promise<void>;

/** The pause begins when a run has ended. */
function tickByTimer(everyMs: number, run: () => Promise<void>): Stop {
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  const sleep = () => {
    if (stopped) return;
    timer = setTimeout(() => void run().then(sleep), everyMs);
  };
  sleep();
  return async () => {
    stopped = true;
    if (timer) clearTimeout(timer);
    await Promise.resolve();
  };
}

/**
 * `nextRun` alone says when. At rate 1 node-cron wakes us each minute of UTC; on an accelerated calendar a timer does,
 * after the calendar's distance divided by its rate. A minute that was missed is made up for once.
 */
function tickByCron({ clock }: TickOptions, expression: string, run: (at: Date) => Promise<void>): Stop {
  const cron = parseCron(expression);
  if (!cron) throw new Error(`Not a cron expression of five fields: ${expression}`);
  let due = nextRun(cron, clock.now());
  const look = async () => {
    const now = clock.now();
    if (due === null || now < due) return;
    const at = due;
    due = nextRun(cron, now);
    await run(at);
  };
  return clock.rate === 1 ? lookEachMinute(look) : lookInTime(look, () => due, clock);
}

function lookEachMinute(look: () => Promise<void>): Stop {
  const task = nodeCron.schedule('* * * * *', look, { timezone: 'UTC', suppressMissedWarning: true });
  return async () => {
    await task.destroy();
  };
}

function lookInTime(look: () => Promise<void>, due: () => Date | null, clock: Clock): Stop {
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  const sleep = () => {
    const at = due();
    if (stopped || at === null) return;
    const waitMs = Math.ceil((at.getTime() - clock.now().getTime()) / clock.rate);
    timer = setTimeout(() => void look().then(sleep), Math.min(Math.max(waitMs, 1), LONGEST_SLEEP_MS));
  };
  sleep();
  return async () => {
    stopped = true;
    if (timer) clearTimeout(timer);
    await Promise.resolve();
  };
}
