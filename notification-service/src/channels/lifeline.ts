import type { Logger } from '../platform/logger.ts';
import type { Instances } from './instances.ts';

/** Both of the machine's clocks, milliseconds: a suspended machine shows in only one of them. */
export interface MachineClocks {
  monotonicMs(): number;
  wallMs(): number;
}

export interface Lifeline {
  readonly instanceId: string;
  /** By this process's own clocks: false before others may take it for dead. */
  isActing(): boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface LifelineDeps {
  instances: Instances;
  heartbeatMs: number;
  deadAfterMs: number;
  clocks: MachineClocks;
  newInstanceId(): string;
  logger: Logger;
  /** A life begins: hold channels, pump. */
  begin(instanceId: string): Promise<void>;
  /** A life is over (slept too long, or the store was away too long): sessions are closed before anything else. */
  lost(instanceId: string): Promise<void>;
}

/**
 * One instance's heartbeat. When it could not be renewed in time the instance stops acting, closes its sessions, and
 * comes back under a new id, since others may own its channels by then.
 */
export function createLifeline(deps: LifelineDeps): Lifeline {
  const { instances, clocks, logger } = deps;
  // Stops acting one heartbeat before others may act on its silence.
  const trustedForMs = deps.deadAfterMs - deps.heartbeatMs;
  let id = deps.newInstanceId();
  let renewed = { monotonicMs: -Infinity, wallMs: -Infinity };
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  let beating: Promise<void> = Promise.resolve();

  const present = () => ({ monotonicMs: clocks.monotonicMs(), wallMs: clocks.wallMs() });
  const silentForMs = () =>
    Math.max(clocks.monotonicMs() - renewed.monotonicMs, clocks.wallMs() - renewed.wallMs);
  const isActing = () => !stopped && silentForMs() < trustedForMs;

  const beat = async (): Promise<void> => {
    const asked = present();
    const slept = silentForMs() >= trustedForMs;
    if (!slept && (await renewInTime(asked))) return;
    if (!slept && silentForMs() < trustedForMs) return; // a failed renewal: there is time for another
    await begin();
  };

  const renewInTime = async (asked: typeof renewed): Promise<boolean> => {
    try {
      if (!(await instances.renew(id))) {
        renewed = { monotonicMs: -Infinity, wallMs: -Infinity };
        return false;
      }
      renewed = asked; // counted from before the question: the database wrote no earlier
      return true;
    } catch (error) {
      logger.warn('The heartbeat could not be renewed.', { error });
      return false;
    }
  };

  /** Another life. Whoever slept closes its sessions first. */
  const begin = async (): Promise<void> => {
    logger.warn('This instance was silent for too long: it closes its sessions and begins anew.', { instanceId: id });
    await deps.lost(id);
    id = deps.newInstanceId();
    await live();
  };

  const live = async (): Promise<void> => {
    const asked = present();
    await instances.begin(id);
    renewed = asked;
    await deps.begin(id);
  };

  const schedule = (): void => {
    timer = setTimeout(() => {
      beating = beat()
        .catch((error: unknown) => logger.error('A heartbeat went wrong.', { error }))
        .finally(() => {
          if (!stopped) schedule();
        });
    }, deps.heartbeatMs);
  };

  return {
    get instanceId() {
      return id;
    },
    isActing,
    async start() {
      await live();
      schedule();
    },
    async stop() {
      stopped = true;
      if (timer) clearTimeout(timer);
      await beating;
      await instances.end(id);
    },
  };
}
