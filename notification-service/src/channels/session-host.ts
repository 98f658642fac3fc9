import type { Random } from '../platform/random.ts';
import type { ChannelDoc } from './channel-model.ts';
import { newHosted, nextNews, tellListeners } from './hosted.ts';
import type { Hosted } from './hosted.ts';
import type { HeldSession, SessionHost } from './hosting.ts';
import { atMost, createLanes } from './lanes.ts';
import { createSessionNews } from './session-news.ts';
import type { NewsDeps } from './session-news.ts';
import type { ObservedMessage, Receipt, Session, SessionEvents, Transport } from './transport.ts';

export interface HostDeps extends NewsDeps {
  transport: Transport;
  random: Random;
  maxSessions: number;
  isActing(): boolean;
  onMessage(channelId: string, message: ObservedMessage): Promise<void>;
  onReceipt(channelId: string, receipt: Receipt): Promise<void>;
}

/** What holding a channel begins with. */
export type Holdable = Pick<ChannelDoc, '_id' | 'memberId' | 'hasLogin'>;

export type Host = SessionHost & {
  /** Recovery has made this instance the owner under this epoch; one that is wanted is held, if there is room. */
  adopt(channelId: string, epoch: number): Promise<void>;
  hosted(channelId: string): Hosted | null;
  hostedIds(): string[];
  freeSlots(): number;
  /** Begins to hold a channel that this instance owns under this epoch, and to open its session; a former one is closed. */
  hold(channel: Holdable, epoch: number): Hosted;
  /** Closes and forgets one channel; its document is left to the caller. */
  release(channelId: string): Promise<void>;
  releaseAll(): Promise<void>;
  /** Unlinks on WhatsApp's side, deletes the login, releases the channel; true when WhatsApp confirmed. */
  unlink(hosted: Hosted): Promise<boolean>;
};

/** Channels that want to be connected; the others wait for a human. */
export const WANTED_STATES = ['active', 'warming', 'connecting'] as const;

const RESTART_WAIT_MS = 30_000;
const BACKOFF_MS = 1_000;
const OBSERVED_WITHIN_MS = 5_000;
/** The store may be away for a moment; what somebody wrote must not be lost with it. */
const TELL_AGAIN_MS = [500, 1_000, 2_000, 4_000, 8_000, 16_000];

/**
 * The sessions of this instance. Who is held changes at once; opening and closing of one channel happen one after the
 * other, so that there are never two sessions of it.
 */
export function createSessionHost(deps: HostDeps): Host {
  const { transport, logger, clocks } = deps;
  const all = new Map<string, Hosted>();
  const lanes = createLanes();
  const news = createSessionNews(deps, { release, unlink, reopenLater });

  function eventsOf(hosted: Hosted, life: symbol): SessionEvents {
    /** In order, and only while this session is the channel's. An error costs the session: the store is right, not we. */
    const note = (work: () => Promise<void>): void => {
      hosted.work = hosted.work
        .then(() => (isCurrent(hosted, life) ? work() : undefined))
        .catch(async (error: unknown) => {
          logger.error('News of a session could not be kept; it is closed.', {
            channelId: hosted.channelId,
            error,
          });
          if (all.get(hosted.channelId) === hosted) await release(hosted.channelId);
        })
        .finally(() => tellListeners(hosted));
    };
    return {
      qr: (text, validForMs) => {
        const untilMs = clocks.monotonicMs() + validForMs;
        note(() => news.qr(hosted, text, untilMs));
      },
      linking: () => note(() => news.linking(hosted)),
      ready: identity => note(() => news.ready(hosted, identity)),
      away: () => note(() => news.away(hosted)),
      closed: reason => note(() => news.closed(hosted, reason)),
      message: message => observe(hosted, () => deps.onMessage(hosted.channelId, message)),
      receipt: receipt => observe(hosted, () => deps.onReceipt(hosted.channelId, receipt)),
    };
  }

  /** What was once handed over is kept, also when its session is over by then. */
  function observe(hosted: Hosted, work: () => Promise<void>): void {
    hosted.work = hosted.work
      .then(() => persistently(work))
      .catch((error: unknown) => {
        logger.error('What WhatsApp told could not be kept.', { channelId: hosted.channelId, error });
      });
  }

  const isCurrent = (hosted: Hosted, life: symbol) =>
    hosted.life === life && all.get(hosted.channelId) === hosted;

  function open(hosted: Hosted, hadLogin: boolean): void {
    const life = Symbol(hosted.channelId);
    const fresh = { life, hadLogin, session: null, serial: null, identity: null, qr: null, scanBegun: false };
    Object.assign(hosted, fresh, { closed: null, openedMs: clocks.monotonicMs() });
    const on = eventsOf(hosted, life);
    hosted.opening = lanes
      .run(hosted.channelId, async () => {
        if (!isCurrent(hosted, life)) return;
        const session = await transport.open({ channelId: hosted.channelId, expectLogin: hadLogin, on });
        if (isCurrent(hosted, life)) hosted.session = session;
        else await session.close();
      })
      .catch((error: unknown) => {
        logger.warn('A session could not be opened.', { channelId: hosted.channelId, error });
        on.closed('lost');
      });
  }

  /** Backoff with jitter, so that a network that comes back is not stormed. */
  function reopenLater(hosted: Hosted): void {
    const waitMs = BACKOFF_MS * 2 ** hosted.restarts * (0.5 + deps.random());
    hosted.restarts += 1;
    hosted.reopening = setTimeout(() => {
      hosted.reopening = null;
      if (all.get(hosted.channelId) === hosted && hosted.life === null) open(hosted, hosted.hadLogin);
    }, waitMs);
  }

  /** From here on nothing that its session says is listened to; returns the session that must be ended. */
  function detach(channelId: string): Session | null {
    const hosted = all.get(channelId);
    if (!hosted) return null;
    all.delete(channelId);
    if (hosted.reopening) clearTimeout(hosted.reopening);
    const { session } = hosted;
    Object.assign(hosted, { life: null, session: null, serial: null, reopening: null, qr: null });
    hosted.closed ??= 'closed';
    tellListeners(hosted);
    return session;
  }

  const end = (channelId: string, how: () => Promise<unknown>): Promise<unknown> =>
    lanes.run(channelId, how).catch((error: unknown) => {
      logger.warn('A session could not be ended properly.', { channelId, error });
    });

  async function release(channelId: string): Promise<void> {
    const session = detach(channelId);
    if (session) void end(channelId, () => session.close());
    await lanes.idle(channelId);
  }

  async function unlink(hosted: Hosted): Promise<boolean> {
    await hosted.opening;
    const session = all.get(hosted.channelId) === hosted ? detach(hosted.channelId) : null;
    let isConfirmed = false;
    await end(hosted.channelId, async () => {
      isConfirmed = (await session?.unlink())?.unlinked ?? false;
      await transport.forget(hosted.channelId);
    });
    return isConfirmed;
  }

  function hold(channel: Holdable, epoch: number, restarts = 0): Hosted {
    const former = detach(channel._id);
    if (former) void end(channel._id, () => former.close());
    const hosted = newHosted({
      channelId: channel._id,
      memberId: channel.memberId,
      epoch,
      nowMs: clocks.monotonicMs(),
    });
    hosted.restarts = restarts;
    all.set(channel._id, hosted);
    open(hosted, channel.hasLogin);
    return hosted;
  }

  return {
    get instanceId() {
      return deps.instanceId();
    },
    isActing: () => deps.isActing(),
    held(channelId): HeldSession | null {
      const hosted = all.get(channelId);
      if (!hosted?.session?.alive || hosted.serial === null || !hosted.identity) return null;
      const { session, serial, epoch, identity } = hosted;
      return { channelId, session, serial, epoch, identity };
    },
    async restart(channelId) {
      const hosted = all.get(channelId);
      if (!hosted) return;
      // Recovery may have made somebody else the owner meanwhile: a session of ours would push theirs out.
      const owned = { _id: channelId, 'owner.instance': deps.instanceId(), 'owner.epoch': hosted.epoch };
      const isOurs = (await deps.channels.findOne(owned, { projection: { _id: 1 } })) !== null;
      if (all.get(channelId) !== hosted) return;
      if (!isOurs) return release(channelId);
      const { memberId, epoch, restarts, hadLogin: hasLogin } = hosted;
      const isOpening = hosted.life !== null && hosted.serial === null;
      const fresh = isOpening ? hosted : hold({ _id: channelId, memberId, hasLogin }, epoch, restarts);
      const untilMs = clocks.monotonicMs() + RESTART_WAIT_MS;
      while (fresh.serial === null && fresh.closed === null && clocks.monotonicMs() < untilMs) {
        await nextNews(fresh, untilMs - clocks.monotonicMs());
      }
    },
    async adopt(channelId, epoch) {
      const hosted = all.get(channelId);
      if (hosted?.epoch === epoch) return;
      // Nobody had it in between, so the session is good. Else another's has pushed it out, and its news is not ours.
      if (hosted?.epoch === epoch - 1) hosted.epoch = epoch;
      else await holdAdopted(channelId, epoch);
    },
    hosted: channelId => all.get(channelId) ?? null,
    hostedIds: () => [...all.keys()],
    freeSlots: () => Math.max(0, deps.maxSessions - all.size),
    hold,
    release,
    unlink,
    async releaseAll() {
      const leaving = [...all.values()];
      await Promise.all(leaving.map(({ channelId }) => release(channelId)));
      await atMost(OBSERVED_WITHIN_MS, Promise.all(leaving.map(({ work }) => work)));
    },
  };

  /** Recovery takes channels whatever their state: one that is wanted is opened, one that waits for a human is not. */
  async function holdAdopted(channelId: string, epoch: number): Promise<void> {
    const owned = { _id: channelId, 'owner.instance': deps.instanceId(), 'owner.epoch': epoch };
    const former = detach(channelId);
    if (former) void end(channelId, () => former.close());
    const channel = await deps.channels.findOne({
      ...owned,
      hasLogin: true,
      state: { $in: [...WANTED_STATES] },
    });
    const hasRoom = all.size < deps.maxSessions;
    if (channel && hasRoom && !all.has(channelId) && deps.isActing()) hold(channel, epoch);
  }
}

/** Tries again for about half a minute, in order: a STOP must not be lost because the store was away. */
async function persistently(work: () => Promise<void>): Promise<void> {
  for (const waitMs of TELL_AGAIN_MS) {
    try {
      await work();
      return;
    } catch {
      await new Promise(resolve => setTimeout(resolve, waitMs));
    }
  }
  await work();
}
