import QRCode from 'qrcode';
import type { Clock } from '../platform/clock.ts';
import type { PhoneHasher } from '../platform/crypto.ts';
import type { Events } from '../platform/events.ts';
import type { Logger } from '../platform/logger.ts';
import { isDuplicateKey } from '../platform/mongo.ts';
import type { Collection, Filter } from '../platform/mongo.ts';
import type { ChannelDoc } from './channel-model.ts';
import type { NoteConnection } from './connection-history.ts';
import type { Hosted } from './hosted.ts';
import type { MachineClocks } from './lifeline.ts';
import { CLOSED_MEANING, GIVEN_UP, NOT_REACHED, OTHER_MEMBERS_NUMBER } from './sentences.ts';
import { GIVEN_UP_OWNER, writeClosed, writeReady } from './session-writes.ts';
import type { ClosedReason, LinkedIdentity, Transport } from './transport.ts';

export interface NewsDeps {
  channels: Collection<ChannelDoc>;
  transport: Pick<Transport, 'forget'>;
  clock: Clock;
  clocks: MachineClocks;
  logger: Logger;
  events: Events;
  hasher: PhoneHasher;
  note: NoteConnection;
  warmup: boolean;
  instanceId(): string;
  /** A session became ready: there may be work for it. */
  wakePump(): void;
  /** Told when a channel that was connected is not any more and a human has to do something. */
  needsHuman(channel: ChannelDoc, sentence: string): void;
}

/** What the news may do to the session itself. */
export interface SessionControl {
  release(channelId: string): Promise<void>;
  /** Unlinks on WhatsApp's side, deletes the login, releases the channel. */
  unlink(hosted: Hosted): Promise<boolean>;
  reopenLater(hosted: Hosted): void;
}

/** What a session tells, written into its channel (by owner and epoch) and told to the member's pages. */
export interface SessionNews {
  qr(hosted: Hosted, text: string, untilMs: number): Promise<void>;
  linking(hosted: Hosted): Promise<void>;
  ready(hosted: Hosted, identity: LinkedIdentity): Promise<void>;
  away(hosted: Hosted): Promise<void>;
  closed(hosted: Hosted, reason: ClosedReason): Promise<void>;
}

const MAX_RESTARTS = 5;
/** A session that was ready for this long was a good one: what comes after is not "in a row" with what was before. */
const GOOD_AFTER_MS = 60_000;

export function createSessionNews(deps: NewsDeps, control: SessionControl): SessionNews {
  const { channels, clock, clocks, logger } = deps;

  const owned = (hosted: Hosted): Filter<ChannelDoc> => ({
    _id: hosted.channelId,
    'owner.instance': deps.instanceId(),
    'owner.epoch': hosted.epoch,
  });
  const publishState = (hosted: Hosted, state: string, reason: string | null, sentence: string | null) =>
    deps.events.publish(
      hosted.memberId,
      { type: 'state', data: { state, reason, sentence } },
      { keep: true },
    );
  const note = (hosted: Hosted, event: Parameters<NoteConnection>[0]['event'], reason: string | null) =>
    deps.note({ channelId: hosted.channelId, memberId: hosted.memberId, at: clock.now(), event, reason });

  async function setState(
    hosted: Hosted,
    set: Partial<ChannelDoc> & Pick<ChannelDoc, 'state'>,
  ): Promise<void> {
    const update = { $set: { stateReason: null, ...set, stateAt: clock.now() } };
    const { matchedCount } = await channels.updateOne(owned(hosted), update);
    if (matchedCount === 0) await control.release(hosted.channelId);
    else await publishState(hosted, set.state, null, null);
  }

  return {
    async qr(hosted, text, untilMs) {
      const isFirst = hosted.qr === null;
      hosted.qr = { text, untilMs };
      const expiresInSeconds = Math.round((untilMs - clocks.monotonicMs()) / 1000);
      const data = { qr: await qrPicture(text), expiresInSeconds };
      await deps.events.publish(hosted.memberId, { type: 'qr', data }, { keep: false });
      if (!isFirst) return;
      hosted.hadLogin = false;
      await setState(hosted, { state: 'qr_pending', hasLogin: false });
    },

    linking(hosted) {
      hosted.scanBegun = true;
      return setState(hosted, { state: 'authenticating' });
    },

    away: hosted => setState(hosted, { state: 'connecting', sessionReadyAt: null }),

    async ready(hosted, identity) {
      const phoneHash = deps.hasher(identity.phone);
      const again = hosted.serial !== null;
      const doc = await claimNumber(hosted, identity, phoneHash, again);
      if (doc === 'other_member') return refuseNumber(hosted);
      if (!doc) return control.release(hosted.channelId);
      const { sessionSerial: serial } = doc;
      Object.assign(hosted, { serial, identity, qr: null, hadLogin: true, readyMs: clocks.monotonicMs() });
      if (!again) await note(hosted, 'connected', null);
      await publishState(hosted, doc.state, null, null);
      deps.wakePump();
    },

    async closed(hosted, told) {
      // Whoever closes it himself does not listen any more.
      const reason = told === 'closed' ? 'lost' : told;
      const wasReady = hosted.serial !== null;
      if (wasReady && clocks.monotonicMs() - hosted.readyMs >= GOOD_AFTER_MS) hosted.restarts = 0;
      const meaning = CLOSED_MEANING[reason];
      const canReopen = meaning.reopens && (hosted.hadLogin || hosted.scanBegun);
      const reopens = canReopen && hosted.restarts < MAX_RESTARTS;
      const { hadLogin } = hosted;
      Object.assign(hosted, { life: null, session: null, serial: null, qr: null, closed: reason });
      const failedReopening = hadLogin && !wasReady && meaning.reopens;
      const doc = await writeClosed(deps, owned(hosted), {
        reason,
        meaning,
        reopens,
        hadLogin,
        failedReopening,
      });
      if (!doc) return control.release(hosted.channelId);
      const sentence = reopens || !meaning.reopens ? meaning.sentence : hadLogin ? GIVEN_UP : NOT_REACHED;
      await note(hosted, 'closed', reason);
      await publishState(hosted, doc.state, reason, sentence);
      if (reopens) return control.reopenLater(hosted);
      if (meaning.loginLost) await deps.transport.forget(hosted.channelId);
      if (hadLogin) deps.needsHuman(doc, sentence);
      return control.release(hosted.channelId);
    },
  };

  /** A number belongs to one member: an index sees to it when two scan it at the same moment. */
  async function claimNumber(hosted: Hosted, identity: LinkedIdentity, phoneHash: string, again: boolean) {
    const other = { phoneHash, hasLogin: true, memberId: { $ne: hosted.memberId } };
    if (await channels.findOne(other, { projection: { _id: 1 } })) return 'other_member';
    try {
      return await writeReady(deps, owned(hosted), { identity, phoneHash, again });
    } catch (error) {
      if (isDuplicateKey(error)) return 'other_member';
      throw error;
    }
  }

  async function refuseNumber(hosted: Hosted): Promise<void> {
    logger.info('A number that belongs to another member was refused.', { channelId: hosted.channelId });
    hosted.closed = 'other_member';
    await note(hosted, 'refused', 'other_member');
    const refused = {
      state: 'error',
      stateReason: 'other_member',
      stateAt: clock.now(),
      hasLogin: false,
      sessionReadyAt: null,
      'owner.instance': GIVEN_UP_OWNER,
    };
    await channels.updateOne(owned(hosted), [{ $set: refused }]);
    await publishState(hosted, 'error', 'other_member', OTHER_MEMBERS_NUMBER);
    await control.unlink(hosted);
  }
}

/** A picture of a QR: `data:image/png;base64,…`. Never stored, never logged. */
export const qrPicture = (text: string): Promise<string> => QRCode.toDataURL(text, { margin: 2, width: 320 });
