import type { LinkedIdentity, Session } from './transport.ts';

/** A session that is ready on this instance, with the number and the epoch it was made under. */
export interface HeldSession {
  readonly channelId: string;
  readonly session: Session;
  /** `sessionSerial` of the channel when this session became ready. */
  readonly serial: number;
  /** `owner.epoch` of the channel under which this instance holds it. */
  readonly epoch: number;
  readonly identity: LinkedIdentity;
}

/** What a channel's turn needs to know of the instance it runs on. */
export interface SessionHost {
  readonly instanceId: string;
  /** False from the moment this instance cannot be sure to be seen alive: by its own monotonic clock, before others may act. */
  isActing(): boolean;
  /** The ready session of a channel that this instance owns. Synchronous: step 6 awaits nothing. */
  held(channelId: string): HeldSession | null;
  /** Closes the channel's session, if there is one, and opens a new one; resolves when that is ready or known to fail. */
  restart(channelId: string): Promise<void>;
}
