import type { Logger } from '../platform/logger.ts';
import type { Hosted } from './hosted.ts';
import type { MachineClocks } from './lifeline.ts';
import type { Ownership } from './ownership.ts';
import type { Host } from './session-host.ts';

export interface HostingLifeDeps {
  host: Host;
  ownership: Ownership;
  clocks: MachineClocks;
  logger: Logger;
  /** Begins to work on this instance's commands; returns what ends it (running ones end, bounded). */
  workOnCommands(instanceId: string): { close(): Promise<void> }[];
  beginSending(instanceId: string): void;
  endSending(): Promise<void>;
  /** Nobody has asked for the code of this session for a while: it is given up. */
  endUnasked(hosted: Hosted): Promise<void>;
}

/** One life of this instance: from its first heartbeat until it leaves, or has been silent for too long. */
export interface HostingLife {
  begin(instanceId: string): void;
  /** Others may own its channels by now: sessions are closed before anything else. */
  lose(): Promise<void>;
  /** No new turn is taken and running ones end (bounded); then sessions are closed and channels given up. */
  leave(): Promise<void>;
}

const LOOK_MS = 2_000;
/** A session that waits for a scan and that nobody asks for is closed after this long, a begun scan later. Machine time. */
const UNASKED_MS = 60_000;
const UNFINISHED_SCAN_MS = 180_000;

export function createHostingLife(deps: HostingLifeDeps): HostingLife {
  const { host, ownership, logger } = deps;
  let working: { close(): Promise<void> }[] = [];
  let timer: NodeJS.Timeout | null = null;
  let look: Promise<unknown> = Promise.resolve();
  let isLiving = false;

  function schedule(ms: number): void {
    timer = setTimeout(() => {
      look = lookAround()
        .catch((error: unknown) => logger.error('Channels could not be looked after.', { error }))
        .finally(() => {
          if (isLiving) schedule(LOOK_MS);
        });
    }, ms);
  }

  async function lookAround(): Promise<void> {
    await ownership.dropLost();
    for (const channelId of host.hostedIds()) {
      const hosted = host.hosted(channelId);
      if (hosted && isUnasked(hosted, deps.clocks.monotonicMs())) await deps.endUnasked(hosted);
    }
    await ownership.takeFree();
  }

  function stopLooking(): void {
    isLiving = false;
    if (timer) clearTimeout(timer);
  }

  async function stopWorking(): Promise<void> {
    const queues = working;
    working = [];
    await Promise.all([look, deps.endSending(), ...queues.map(queue => queue.close())]);
  }

  return {
    begin(instanceId) {
      isLiving = true;
      working = deps.workOnCommands(instanceId);
      deps.beginSending(instanceId);
      schedule(0);
    },
    async lose() {
      stopLooking();
      await host.releaseAll();
      await stopWorking();
      // A command that was under way may have opened one meanwhile.
      await host.releaseAll();
    },
    async leave() {
      stopLooking();
      await stopWorking();
      await host.releaseAll();
      await ownership.giveUpAll();
    },
  };
}

/** Waits for a scan that nobody seems to intend. Pure. */
function isUnasked(hosted: Hosted, nowMs: number): boolean {
  if (hosted.hadLogin || hosted.serial !== null) return false;
  return nowMs - hosted.askedMs >= (hosted.scanBegun ? UNFINISHED_SCAN_MS : UNASKED_MS);
}
