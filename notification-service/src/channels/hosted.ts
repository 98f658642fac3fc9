import type { ClosedReason, LinkedIdentity, Session } from './transport.ts';

/** One channel on this instance: at most one session, with what is known of it. */
export interface Hosted {
  readonly channelId: string;
  readonly memberId: string;
  /** The owner's epoch under which this instance holds the channel. */
  epoch: number;
  /** A login was stored when it was last opened: no QR is expected. */
  hadLogin: boolean;
  /** The present session's mark, from before it is opened until it is over: news of any other is not listened to. */
  life: symbol | null;
  session: Session | null;
  /** Of this session object, once it was ready. */
  serial: number | null;
  identity: LinkedIdentity | null;
  qr: { text: string; untilMs: number } | null;
  scanBegun: boolean;
  /** Why the last session ended; null while one is open. */
  closed: ClosedReason | 'other_member' | null;
  /** Resolves when the session object exists, or could not be had. */
  opening: Promise<void>;
  /** Monotonic: when it was last opened, when it became ready, when a page last asked for the QR. */
  openedMs: number;
  readyMs: number;
  askedMs: number;
  /** Reopenings in a row. */
  restarts: number;
  reopening: NodeJS.Timeout | null;
  /** Callers who wait for the next news of this channel. */
  listeners: Set<() => void>;
  /** What has happened is worked off in its order. */
  work: Promise<void>;
}

export const newHosted = (args: {
  channelId: string;
  memberId: string;
  epoch: number;
  nowMs: number;
}): Hosted => ({
  channelId: args.channelId,
  memberId: args.memberId,
  epoch: args.epoch,
  hadLogin: false,
  life: null,
  session: null,
  serial: null,
  identity: null,
  qr: null,
  scanBegun: false,
  closed: null,
  opening: Promise.resolve(),
  openedMs: args.nowMs,
  readyMs: args.nowMs,
  askedMs: args.nowMs,
  restarts: 0,
  reopening: null,
  listeners: new Set(),
  work: Promise.resolve(),
});

export function tellListeners(hosted: Hosted): void {
  for (const listener of [...hosted.listeners]) listener();
}

/** Resolves at the next news of a channel, or after `ms`. */
export const nextNews = (hosted: Hosted, ms: number): Promise<void> =>
  new Promise(resolve => {
    const done = () => {
      clearTimeout(timer);
      hosted.listeners.delete(done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    hosted.listeners.add(done);
  });
