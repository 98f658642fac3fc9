import type { Clock } from '../platform/clock.ts';
import type { PhoneHasher } from '../platform/crypto.ts';
import type { Events } from '../platform/events.ts';
import type { Logger } from '../platform/logger.ts';
import type { Collection } from '../platform/mongo.ts';
import type { Random } from '../platform/random.ts';
import type { ChannelDoc } from './channel-model.ts';
import type { NoteConnection } from './connection-history.ts';
import type { HeldSession, SessionHost } from './hosting.ts';
import type { MachineClocks } from './lifeline.ts';
import { writeClosed, writeReady } from './session-writes.ts';
import { OTHER_MEMBERS_NUMBER } from './sentences.ts';
import { CLOSED_MEANING } from './sentences.ts';
import type { ClosedReason, LinkedIdentity, ObservedMessage, Receipt, Session, Transport } from './transport.ts';

export interface HostDeps {
  channels: Collection<ChannelDoc>;
  transport: Transport;
  clock: Clock;
  clocks: MachineClocks;
  random: Random;
  logger: Logger;
  events: Events;
  hasher: PhoneHasher;
  note: NoteConnection;
  maxSessions: number;
  warmup: boolean;
  instanceId(): string;
  isActing(): boolean;
  onMessage(channelId: string, message: ObservedMessage): Promise<void>;
  onReceipt(channelId: string, receipt: Receipt): Promise<void>;
  /** A session became ready: there may be work for it. */
  wakePump(): void;
  /** Told when a channel that was connected is not any more and a human has to do something. */
  needsHuman(channel: ChannelDoc, sentence: string): void;
}

/** One channel on this instance: at most one session, opened single-flight, with what is known of it. */
export interface Hosted {
  readonly channelId: string;
  readonly memberId: string;
  epoch: number;
  session: Session | null;
  /** Of this session object, once it was ready. */
  serial: number | null;
  identity: LinkedIdentity | null;
  qr: { text: string; untilMs: number } | null;
  scanBegun: boolean;
  /** Why the last session ended; null while one is open. */
  closed: ClosedReason | 'other_member' | null;
  /** Monotonic: when a page last asked for the QR. */
  askedMs: number;
  restarts: number;
  /** Callers who wait for the next news of this channel. */
  news: Set<() => void>;
  work: Promise<void>;
  reopening: NodeJS.Timeout | null;
}

export type Host = SessionHost & {
  adopt(channelId: string, epoch: number): void;
  hosted(channelId: string): Hosted | null;
  hostedIds(): string[];
  hasRoom(): boolean;
  /** Begins to hold a channel that this instance has claimed under this epoch, and opens its session. */
  hold(channel: Pick<ChannelDoc, '_id' | 'memberId' | 'hasLogin'>, epoch: number): Promise<Hosted>;
  /** Closes and forgets one channel; its document is left to the caller. */
  release(channelId: string): Promise<void>;
  releaseAll(): Promise<void>;
  /** Resolves at the next news of a channel, or after `ms`. */
  nextNews(hosted: Hosted, ms: number): Promise<void>;
};

const MAX_RESTARTS = 5;
const RESTART_WAIT_MS = 30_000;
const BACKOFF_MS = 1_000;

export function createSessionHost(deps: HostDeps): Host {
  const { transport, logger, clocks } = deps;
  const all = new Map<string, Hosted>();

  const tell = (hosted: Hosted): void => {
    for (const listener of [...hosted.news]) listener();
  };

  /** Callbacks are handled one after the other, and none of a session that is not the channel's any more. */
  const inOrder = (hosted: Hosted, session: () => Session | null, work: () => Promise<void>): void => {
    hosted.work = hosted.work
      .then(async () => {
        if (all.get(hosted.channelId) === hosted && hosted.session === session()) await work();
      })
      .catch((error: unknown) => logger.error('News of a session could not be handled.', { channelId: hosted.channelId, error }))
      .finally(() => tell(hosted));
  };

  async function open(hosted: Hosted, expectLogin: boolean): Promise<void> {
    Object.assign(hosted, { serial: null, identity: null, qr: null, scanBegun: false, closed: null });
    let own: Session | null = null;
    const mine = () => own;
    own = await transport.open({
      channelId: hosted.channelId,
      expectLogin,
      on: {
        qr: (text, validForMs) =>
          inOrder(hosted, mine, () => onQr(hosted, text, clocks.monotonicMs() + validForMs)),
        linking: () => inOrder(hosted, mine, () => onLinking(hosted)),
        ready: identity => inOrder(hosted, mine, () => onReady(hosted, identity)),
        away: () => inOrder(hosted, mine, () => setState(hosted, { state: 'connecting', sessionReadyAt: null })),
        closed: reason => inOrder(hosted, mine, () => onClosed(hosted, reason)),
        message: message => inOrder(hosted, mine, () => deps.onMessage(hosted.channelId, message)),
        receipt: receipt => inOrder(hosted, mine, () => deps.onReceipt(hosted.channelId, receipt)),
      },
    });
    if (all.get(hosted.channelId) === hosted) hosted.session = own;
    else await own.close();
  }

  const owned = (hosted: Hosted) => ({
    _id: hosted.channelId,
    'owner.instance': deps.instanceId(),
    'owner.epoch': hosted.epoch,
  });

  async function setState(hosted: Hosted, set: Partial<ChannelDoc>): Promise<void> {
    const now = deps.clock.now();
    const written = await deps.channels.updateOne(owned(hosted), { $set: { ...set, stateAt: now } });
    if (written.matchedCount === 0) await release(hosted.channelId);
    else if (set.state) await publishState(hosted, set.state, set.stateReason ?? null, null);
  }

  const publishState = (hosted: Hosted, state: string, reason: string | null, sentence: string | null) =>
    deps.events.publish(hosted.memberId, { type: 'state', data: { state, reason, sentence } }, { keep: true });

  async function onQr(hosted: Hosted, text: string, untilMs: number): Promise<void> {
    const first = hosted.qr === null;
    hosted.qr = { text, untilMs };
    const expiresInSeconds = Math.round((untilMs - clocks.monotonicMs()) / 1000);
    await deps.events.publish(hosted.memberId, { type: 'qr', data: { qr: text, expiresInSeconds } }, { keep: false });
    if (first) await setState(hosted, { state: 'qr_pending', stateReason: null, hasLogin: false });
  }

  async function onLinking(hosted: Hosted): Promise<void> {
    hosted.scanBegun = true;
    await setState(hosted, { state: 'authenticating', stateReason: null });
  }

  async function onReady(hosted: Hosted, identity: LinkedIdentity): Promise<void> {
    const phoneHash = deps.hasher(identity.phone);
    const again = hosted.serial !== null;
    const other = await deps.channels.findOne({ phoneHash, memberId: { $ne: hosted.memberId }, hasLogin: true });
    if (other) {
      await refuseNumber(hosted);
      return;
    }
    const doc = await writeReady(deps, owned(hosted), { identity, phoneHash, again });
    if (!doc) {
      await release(hosted.channelId);
      return;
    }
    Object.assign(hosted, { serial: doc.sessionSerial, identity, qr: null, restarts: 0 });
    if (!again) await deps.note({ ...noteOf(hosted), event: 'connected', reason: null });
    await publishState(hosted, doc.state, null, null);
    deps.wakePump();
  }

  const noteOf = (hosted: Hosted) => ({
    channelId: hosted.channelId,
    memberId: hosted.memberId,
    at: deps.clock.now(),
  });

  /** A number that belongs to another member is unlinked at once. */
  async function refuseNumber(hosted: Hosted): Promise<void> {
    const { session } = hosted;
    hosted.session = null;
    hosted.closed = 'other_member';
    await session?.unlink().catch((error: unknown) => logger.warn('A refused number could not be unlinked.', { error }));
    await deps.note({ ...noteOf(hosted), event: 'refused', reason: 'other_member' });
    await deps.channels.updateOne(owned(hosted), {
      $set: { state: 'error', stateReason: 'other_member', stateAt: deps.clock.now(), hasLogin: false, sessionReadyAt: null },
    });
    await publishState(hosted, 'error', 'other_member', OTHER_MEMBERS_NUMBER);
    await release(hosted.channelId);
  }

  async function onClosed(hosted: Hosted, reason: ClosedReason): Promise<void> {
    const wasReady = hosted.serial !== null;
    Object.assign(hosted, { session: null, serial: null, qr: null, closed: reason });
    if (reason === 'closed') return;
    const meaning = CLOSED_MEANING[reason];
    const tooMany = meaning.reopens && hosted.restarts >= MAX_RESTARTS;
    const doc = await writeClosed(deps, owned(hosted), { reason, meaning, tooMany });
    await deps.note({ ...noteOf(hosted), event: 'closed', reason });
    if (!doc) {
      await release(hosted.channelId);
      return;
    }
    await publishState(hosted, doc.state, reason, meaning.sentence);
    if (meaning.reopens && !tooMany && doc.hasLogin) {
      reopenLater(hosted);
      return;
    }
    if (meaning.loginLost) await transport.forget(hosted.channelId);
    if (wasReady || doc.hasLogin || meaning.loginLost) deps.needsHuman(doc, meaning.sentence);
    await release(hosted.channelId);
  }

  /** Backoff with jitter, so that a network that comes back is not stormed. */
  function reopenLater(hosted: Hosted): void {
    const waitMs = BACKOFF_MS * 2 ** hosted.restarts * (0.5 + deps.random());
    hosted.restarts += 1;
    hosted.reopening = setTimeout(() => {
      hosted.reopening = null;
      if (all.get(hosted.channelId) === hosted && hosted.session === null) void openOrClose(hosted, true);
    }, waitMs);
  }

  async function openOrClose(hosted: Hosted, expectLogin: boolean): Promise<void> {
    try {
      await open(hosted, expectLogin);
    } catch (error) {
      logger.warn('A session could not be opened.', { channelId: hosted.channelId, error });
      await onClosed(hosted, 'lost');
    }
    tell(hosted);
  }

  async function release(channelId: string): Promise<void> {
    const hosted = all.get(channelId);
    if (!hosted) return;
    all.delete(channelId);
    if (hosted.reopening) clearTimeout(hosted.reopening);
    const { session } = hosted;
    hosted.session = null;
    hosted.serial = null;
    await session?.close();
    tell(hosted);
  }

  const nextNews = (hosted: Hosted, ms: number): Promise<void> =>
    new Promise(resolve => {
      const done = () => {
        clearTimeout(timer);
        hosted.news.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      hosted.news.add(done);
    });

  async function hold(
    channel: Pick<ChannelDoc, '_id' | 'memberId' | 'hasLogin'>,
    epoch: number,
  ): Promise<Hosted> {
    await release(channel._id);
    const hosted: Hosted = {
      channelId: channel._id,
      memberId: channel.memberId,
      epoch,
      session: null,
      serial: null,
      identity: null,
      qr: null,
      scanBegun: false,
      closed: null,
      askedMs: clocks.monotonicMs(),
      restarts: 0,
      news: new Set(),
      work: Promise.resolve(),
      reopening: null,
    };
    all.set(channel._id, hosted);
    await openOrClose(hosted, channel.hasLogin);
    return hosted;
  }

  return {
    get instanceId() {
      return deps.instanceId();
    },
    isActing: deps.isActing,
    held(channelId): HeldSession | null {
      const hosted = all.get(channelId);
      if (!hosted?.session?.alive || hosted.serial === null || !hosted.identity) return null;
      const { session, serial, epoch, identity } = hosted;
      return { channelId, session, serial, epoch, identity };
    },
    async restart(channelId) {
      const hosted = all.get(channelId);
      if (!hosted) return;
      const fresh = await hold({ _id: channelId, memberId: hosted.memberId, hasLogin: true }, hosted.epoch);
      const untilMs = clocks.monotonicMs() + RESTART_WAIT_MS;
      while (fresh.serial === null && all.get(channelId) === fresh && clocks.monotonicMs() < untilMs) {
        await nextNews(fresh, untilMs - clocks.monotonicMs());
      }
    },
    adopt(channelId, epoch) {
      const hosted = all.get(channelId);
      if (hosted) {
        hosted.epoch = epoch;
        return;
      }
      void deps.channels
        .findOne({ _id: channelId, 'owner.instance': deps.instanceId(), 'owner.epoch': epoch, hasLogin: true })
        .then(channel => channel && hold(channel, epoch))
        .catch((error: unknown) => logger.error('A channel could not be adopted.', { channelId, error }));
    },
    hosted: channelId => all.get(channelId) ?? null,
    hostedIds: () => [...all.keys()],
    hasRoom: () => all.size < deps.maxSessions,
    hold,
    release,
    async releaseAll() {
      await Promise.all([...all.keys()].map(release));
    },
    nextNews,
  };
}
