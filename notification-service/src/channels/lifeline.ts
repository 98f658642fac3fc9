import type { Logger } from '../platform/logger.ts';
import type { Instances } from './instances.ts';
import { atMost } from './lanes.ts';

/** Both of the machine's clocks, milliseconds: a suspended machine shows in only one of them. */
export interface MachineClocks {
  monotonicMs(): number;
  wallMs(): number;
}

export interface Lifeline {
  readonly instanceId: string;
  /** By this process's own clocks: false before others may take it for dead. */
  isActing(): boolean;
  /** Rejects when the first heartbeat cannot be written. */
  start(): Promise<void>;
  /** Keeps the heart beating until `leave` is done, then removes it. */
  stop(leave: () => Promise<void>): Promise<void>;
  /** One heartbeat now (the timer does this by itself). */
  beat(): Promise<void>;
}

export interface LifelineDeps {
  instances: Pick<Instances, 'begin' | 'renew' | 'end'>;
  heartbeatMs: number;
  deadAfterMs: number;
  clocks: MachineClocks;
  newInstanceId(): string;
  logger: Logger;
  /** Sessions there is room for, told with each heartbeat. */
  freeSlots(): number;
  /** A life begins: hold channels, pump. */
  begin(instanceId: string): void;
  /** A life is over (slept too long, or the store was away too long): sessions are closed before anything else. */
  lost(instanceId: string): Promise<void>;
}

interface Renewal {
  monotonicMs: number;
  wallMs: number;
}
const NEVER: Renewal = { monotonicMs: -Infinity, wallMs: -Infinity };

/**
 * One instance's heartbeat. When it could not be renewed in time the instance stops acting, closes its sessions, and
 * comes back under a new id, since others may own its channels by then.
 */
export function createLifeline(deps: LifelineDeps): Lifeline {
  const { instances, clocks, logger } = deps;
  // Stops acting one heartbeat before others may act on its silence.
  const trustedForMs = deps.deadAfterMs - deps.heartbeatMs;
  let id = deps.newInstanceId();
  let renewed = NEVER;
  let timer: NodeJS.Timeout | null = null;
  let state: 'new' | 'living' | 'lost' | 'leaving' | 'gone' = 'new';
  let beating: Promise<void> = Promise.resolve();

  const present = (): Renewal => ({ monotonicMs: clocks.monotonicMs(), wallMs: clocks.wallMs() });
  const silentForMs = () =>
    Math.max(clocks.monotonicMs() - renewed.monotonicMs, clocks.wallMs() - renewed.wallMs);
  const isGone = () => state === 'gone';
  const isTrusted = () => silentForMs() < trustedForMs;

  const beat = async (): Promise<void> => {
    // Whoever slept does not ask first: its sessions are closed before anything else.
    if (state !== 'lost' && isTrusted()) await renewWithinTrust();
    if (state !== 'lost' && !isTrusted()) await lose();
    if (state === 'lost') await live();
  };

  /** Leaves `renewed` as it is when the store does not answer; the trust then runs out by itself. */
  const renewWithinTrust = async (): Promise<void> => {
    const asked = present();
    const asker = id;
    const renewal = instances.renew(asker, deps.freeSlots()).then(
      isOurs => {
        // Counted from before the question: the database wrote no earlier. An answer to a former life says nothing.
        if (asker === id) renewed = isOurs ? asked : NEVER;
      },
      (error: unknown) => logger.warn('The heartbeat could not be renewed.', { error }),
    );
    await atMost(Math.max(0, trustedForMs - silentForMs()), renewal);
  };

  const lose = async (): Promise<void> => {
    logger.warn('This instance was silent for too long: it closes its sessions and begins anew.', {
      instanceId: id,
    });
    const leaving = state === 'leaving';
    state = 'lost';
    renewed = NEVER;
    await deps.lost(id);
    if (leaving) state = 'gone';
  };

  const live = async (): Promise<void> => {
    const next = deps.newInstanceId();
    const asked = present();
    await instances.begin(next, deps.freeSlots());
    if (isGone()) return instances.end(next);
    id = next;
    renewed = asked;
    state = 'living';
    logger.info('An instance begins.', { instanceId: id });
    deps.begin(id);
  };

  const schedule = (): void => {
    timer = setTimeout(() => {
      beating = beat()
        .catch((error: unknown) => logger.error('A heartbeat went wrong.', { error }))
        .finally(() => {
          if (!isGone()) schedule();
        });
    }, deps.heartbeatMs);
  };

  return {
    get instanceId() {
      return id;
    },
    isActing: () => (state === 'living' || state === 'leaving') && isTrusted(),
    async start() {
      await live();
      schedule();
    },
    async stop(leave) {
      if (state === 'living') state = 'leaving';
      const wasLiving = state === 'leaving';
      try {
        if (wasLiving) await leave();
      } finally {
        state = 'gone';
        if (timer) clearTimeout(timer);
        await beating;
        if (timer) clearTimeout(timer);
        await instances.end(id);
      }
    },
    beat,
  };
}
