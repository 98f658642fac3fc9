import type { CampaignDoc } from '../campaigns/index.ts';
import { personKeys } from '../enrollments/index.ts';
import type { EnrollmentDoc, Exit, PersonDoc } from '../enrollments/index.ts';
import { languageOf, parsePhone } from '../platform/phone.ts';
import { keysOf } from './find-who.ts';
import type { Who } from './find-who.ts';
import type { InboundMessageDoc } from './inbound-message-model.ts';
import type { InboundDeps } from './on-message.ts';

/** Does what a noted message asks for. Each part may be done again without harm: a crash may come between any two. */
export async function act(noted: InboundMessageDoc, who: Who, deps: InboundDeps): Promise<void> {
  switch (noted.kind) {
    case 'opt_out':
      return optOut(noted, who, deps);
    case 'near_miss':
      return nearMiss(noted, who, deps);
    case 'reply':
      return reply(noted, who, deps);
    case 'by_hand':
      return byHand(noted, who, deps);
  }
}

/** For good, on the whole platform: everything under both keys of this person, then one confirmation. */
async function optOut(noted: InboundMessageDoc, who: Who, deps: InboundDeps): Promise<void> {
  for (const keys of keysOf(who)) {
    await deps.exit({ ...keys, ...ends('opted_out', 'optedOutAt', deps) });
  }
  deps.signal(noted.channelId);
  if (noted.confirms) await confirm(noted, who, deps);
}

async function confirm(noted: InboundMessageDoc, who: Who, deps: InboundDeps): Promise<void> {
  const { phone, phoneHash } = who;
  if (phone === null || phoneHash === null) return;
  const people = deps.db.collection<PersonDoc>('people');
  const person = await people.findOne({ _id: `p:${phoneHash}` });
  if (person?.confirmationAt) return;
  const { channelId, memberId } = noted;
  const language = who.enrollments[0]?.language ?? languageOf(parsePhone(`+${phone}`)?.country);
  await deps.sendConfirmation({ channelId, memberId, phone, phoneHash, language });
  // Second, since the confirmation itself is created once: a crash in between loses nothing.
  await people.updateOne({ _id: `p:${phoneHash}` }, { $set: { confirmationAt: deps.clock.now() } });
}

/** It may have been meant as an opt-out: nothing more goes out until a human has looked. */
async function nearMiss(noted: InboundMessageDoc, who: Who, deps: InboundDeps): Promise<void> {
  const running = aboutOf(noted, who);
  if (!running) return;
  await rememberAnswer(running, deps);
  await deps.hold({ enrollmentId: running._id, reason: 'near_miss', at: deps.clock.now() });
  await deps.notify({
    key: newsKey('near_miss', running),
    memberId: running.memberId,
    kind: 'needs_attention',
    data: { reason: 'near_miss', ...newsOf(running, noted) },
  });
  await tell(running, deps);
}

/** As the campaign says; the member is told in any case. */
async function reply(noted: InboundMessageDoc, who: Who, deps: InboundDeps): Promise<void> {
  const running = aboutOf(noted, who);
  if (!running) return;
  const campaigns = deps.db.collection<CampaignDoc>('campaigns');
  const campaign = await campaigns.findOne({ _id: running.campaignId }, { projection: { onReply: 1 } });
  const onReply = campaign?.onReply ?? 'stop';
  if (onReply === 'stop') {
    const { referralUserId, phoneHash } = running;
    await deps.exit({ referralUserId, phoneHash, ...ends('replied', 'repliedAt', deps) });
  }
  if (onReply !== 'stop') await rememberAnswer(running, deps);
  if (onReply === 'pause' && running.held === null) {
    await deps.hold({ enrollmentId: running._id, reason: 'replied', at: deps.clock.now() });
  }
  await deps.notify({
    key: newsKey('replied', running),
    memberId: running.memberId,
    kind: 'replied',
    data: { onReply, ...newsOf(running, noted) },
  });
  if (onReply !== 'stop') await tell(running, deps);
}

/** The person did not answer, so nothing is remembered about them: the sequence was ended by the member's own hand. */
async function byHand(noted: InboundMessageDoc, who: Who, deps: InboundDeps): Promise<void> {
  const running = aboutOf(noted, who);
  if (!running) return;
  const { referralUserId, phoneHash } = running;
  await deps.exit({ referralUserId, phoneHash, ...ends('manual', null, deps) });
}

/** Somebody who wrote back is not taken into another campaign later, whether or not this sequence goes on. */
async function rememberAnswer(
  { referralUserId, phoneHash }: EnrollmentDoc,
  deps: InboundDeps,
): Promise<void> {
  const at = deps.clock.now();
  const people = deps.db.collection<PersonDoc>('people');
  for (const _id of personKeys(referralUserId, phoneHash)) {
    await people.updateOne({ _id }, { $set: { repliedAt: at, updatedAt: at } }, { upsert: true });
  }
}

/** People write in bursts: the member is told once for each day of a sequence. */
const newsKey = (what: string, { _id, step }: EnrollmentDoc): string => `${what}:${_id}:${step.day}`;

/** As it was read; also when a first try has ended it meanwhile. */
const aboutOf = (noted: InboundMessageDoc, who: Who): EnrollmentDoc | undefined =>
  who.enrollments.find(doc => doc._id === noted.enrollmentId);

const ends = (reason: Exit['reason'], remember: Exit['remember'], { clock }: InboundDeps) => ({
  reason,
  remember,
  sparesSubscribers: false,
  at: clock.now(),
});

/** Without the words: those stay here. */
const newsOf = (doc: EnrollmentDoc, { at }: InboundMessageDoc) => ({
  targetId: doc._id,
  referralUserId: doc.referralUserId,
  name: doc.referral.name,
  at,
});

const tell = (doc: EnrollmentDoc, { events }: InboundDeps): Promise<void> =>
  events.publish(doc.memberId, { type: 'target', data: { id: doc._id } }, { keep: true });
