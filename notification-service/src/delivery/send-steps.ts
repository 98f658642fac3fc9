import type { CampaignDoc } from '../campaigns/index.ts';
import type { ChannelDoc, SendOutcome } from '../channels/index.ts';
import type { Fence } from '../enrollments/index.ts';
import { rowOf, skipWrite } from './consider.ts';
import { endUnreachable, fence as fenceWrite } from './step-writes.ts';
import { collectionOf, partHash } from './subject.ts';
import { endNow } from './end-steps.ts';
import { readPeople } from './read-people.ts';
import type { Prepared, Steps, Taken, TurnDeps } from './turn.ts';
import { stillWilling } from './wanted.ts';

/** The last read may be at most this old when the transport is called: the larger of both clocks' differences. */
const LAST_READ_MAX_MS = 2_000;

const preparingSteps: Steps<'prepare'> = {
  /** 3: everything slow. The session found here is the one the call is bound to. */
  async prepare({ turn }, deps) {
    const held = deps.host.held(turn.channel._id);
    if (held?.epoch !== turn.channel.owner.epoch) return endNow(turn, deps);
    const words = await deps.words(turn.subject, turn);
    const part = words.kind === 'parts' ? words.parts[turn.subject.doc.step.part] : undefined;
    if (words.kind === 'none' || !part) {
      const reason = words.kind === 'none' ? words.reason : 'part_missing';
      const write = skipWrite(turn.subject, reason, deps.clock.now(), deps);
      await deps.store.updateOne(collectionOf(turn.subject), write.filter, write.update);
      return endNow(turn, deps);
    }
    const { phone, chat: known } = turn.subject.doc;
    const looked = known ?? (await lookUp(turn, held.session, phone, deps));
    if (looked === 'failed') return endNow({ ...turn, effect: { ...turn.effect, result: 'failed' } }, deps);
    if (looked === null) return { at: 'remember_unreachable', turn, fenced: false };
    await held.session.typing(looked.chatId, typingMs(part.text, deps));
    return { at: 'last_people', turn: { ...turn, held, chat: looked, parts: words.parts } };
  },
};

/** A failing look-up says nothing about the number: not now, and it counts as a failure of the channel. */
async function lookUp(
  turn: Taken,
  session: Prepared['held']['session'],
  phone: string | null,
  deps: TurnDeps,
) {
  if (phone === null) return null;
  try {
    return await session.lookUp(phone);
  } catch {
    deps.attempted(attemptOf(turn, deps, { kind: 'not_sent', reason: 'not_ready' }));
    return 'failed' as const;
  }
}

/** In proportion to the text, 1–6 s, as a hand would. Calendar milliseconds. */
const typingMs = (text: string, { random }: TurnDeps): number =>
  Math.min(6_000, 1_000 + text.length * (15 + random() * 10));

const lastReadSteps: Steps<'last_people' | 'last_campaign' | 'last_channel' | 'last_switch'> = {
  /** 4: person, campaign, channel, emergency stop. Its age counts from its beginning. */
  async last_people({ turn }, deps) {
    const readAt = deps.machineNow();
    return { at: 'last_campaign', turn, readAt, people: await readPeople(turn.subject, deps) };
  },
  async last_campaign({ turn, readAt, people }, { store }) {
    if (turn.subject.kind === 'outgoing') return { at: 'last_channel', turn, readAt, people, campaign: null };
    const campaign = await store.findOne<CampaignDoc>('campaigns', { _id: turn.subject.doc.campaignId });
    return { at: 'last_channel', turn, readAt, people, campaign };
  },
  async last_channel({ turn, readAt, people, campaign }, deps) {
    const channel = await deps.store.findOne<Pick<ChannelDoc, 'pauses' | 'turn'>>(
      'channels',
      { _id: turn.channel._id },
      { projection: { pauses: 1, turn: 1 } },
    );
    const willing =
      channel?.turn?.token === turn.token &&
      stillWilling(turn.subject, { people, campaign, pauses: channel.pauses, sendingIsOn: true });
    return willing ? { at: 'last_switch', turn, readAt } : endNow(turn, deps);
  },
  async last_switch({ turn, readAt }, deps) {
    const stored = await deps.store.findOne<{ on: boolean }>('platform', { _id: 'sending' });
    return deps.settings.sendingIsOn && stored?.on !== false
      ? { at: 'fence', turn, readAt }
      : endNow(turn, deps);
  },
};

const fencingSteps: Steps<'fence' | 'call' | 'answer'> = {
  /** 5: after this write the message may be on the wire. */
  async fence({ turn, readAt }, deps) {
    const part = turn.parts[turn.subject.doc.step.part];
    if (!part) return endNow(turn, deps);
    const fence: Fence = {
      token: turn.token,
      at: deps.clock.now(),
      session: turn.held.serial,
      bodyHash: partHash(part),
      messageId: turn.held.session.newMessageId(),
      text: part.text,
      mediaKind: part.media?.kind ?? null,
      chatId: turn.chat.chatId,
      parts: turn.parts.length,
    };
    const write = fenceWrite(turn.subject, fence, { chat: turn.chat });
    const fenced = await deps.store.updateOne(collectionOf(turn.subject), write.filter, write.update);
    if (!fenced) return endNow(turn, deps);
    const firstContact = turn.subject.doc.step.rank === 2;
    const campaignId = turn.subject.kind === 'enrollment' ? turn.subject.doc.campaignId : null;
    const slot = { at: fence.at, campaignId, firstContact };
    const effect = { ...turn.effect, fenced: [...turn.effect.fenced, slot] };
    return { at: 'call', turn: { ...turn, fence, effect }, readAt };
  },

  /**
   * 6: the call, bound to the session held since 3; nothing is awaited between the fence's answer and it. If that
   * session is gone, or the last read is too old, nothing is called: that is proof, and the fence is undone.
   */
  call({ turn, readAt }, deps) {
    const part = turn.parts[turn.subject.doc.step.part];
    const now = deps.machineNow();
    const ageMs = Math.max(now.monotonicMs - readAt.monotonicMs, now.wallMs - readAt.wallMs);
    const mayCall = part && turn.held.session.alive && deps.host.isActing() && ageMs <= LAST_READ_MAX_MS;
    if (!mayCall) return Promise.resolve({ at: 'settle', turn, outcome: { kind: 'not_called' } });
    const answer = turn.held.session.send(turn.chat.chatId, part, turn.fence.messageId);
    return Promise.resolve({ at: 'answer', turn, answer });
  },

  async answer({ turn, answer }, deps) {
    const outcome: SendOutcome = await answer;
    deps.attempted(attemptOf(turn, deps, outcome));
    return { at: 'settle', turn, outcome };
  },
};

const attemptOf = (turn: Taken, deps: TurnDeps, outcome: SendOutcome | { kind: 'not_called' }) => ({
  channelId: turn.channel._id,
  memberId: turn.channel.memberId,
  subject: turn.subject,
  part: turn.subject.doc.step.part,
  at: deps.clock.now(),
  firstContact: turn.subject.doc.step.rank === 2,
  outcome,
});

const unreachableSteps: Steps<'remember_unreachable' | 'end_unreachable'> = {
  /** Not on WhatsApp: first the person is remembered, then the enrollment ends. */
  async remember_unreachable({ turn, fenced }, deps) {
    const now = deps.clock.now();
    const id = `p:${turn.subject.doc.phoneHash}`;
    const update = { $set: { unreachableAt: now, updatedAt: now } };
    await deps.store.updateOne('people', { _id: id }, update, { upsert: true });
    return { at: 'end_unreachable', turn, fenced };
  },
  async end_unreachable({ turn, fenced }, deps) {
    const { subject } = turn;
    const now = deps.clock.now();
    const row = rowOf(subject, { outcome: 'skipped', at: now, reason: 'not_on_whatsapp' });
    const write = endUnreachable(subject, row, fenced ? turn.token : null, now);
    await deps.store.updateOne(collectionOf(subject), write.filter, write.update);
    return endNow(turn, deps);
  },
};

export const sendSteps = { ...preparingSteps, ...lastReadSteps, ...fencingSteps, ...unreachableSteps };
