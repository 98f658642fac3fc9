import { customDay } from '../campaigns/index.ts';
import type { CampaignDoc } from '../campaigns/index.ts';
import type { MessagePart } from '../channels/index.ts';
import type { MemberDoc } from '../members/index.ts';
import type { Messages } from '../messages/index.ts';
import type { OutgoingDoc } from './outgoing-model.ts';
import type { Subject } from './subject.ts';
import type { NoWords, Words } from './turn.ts';

/** What is said to this person now: the day's message rendered for them, or the outgoing message as it was written. */
export async function wordsFor(
  subject: Subject,
  context: { member: MemberDoc | null; campaign: CampaignDoc | null },
  messages: Pick<Messages, 'renderDay' | 'loadMedia'>,
): Promise<Words | NoWords> {
  if (subject.kind === 'outgoing') return outgoingWords(subject.doc, messages);
  const { doc } = subject;
  return messages.renderDay({
    day: doc.step.day,
    language: doc.language,
    referral: {
      name: doc.referral.name,
      firstName: doc.referral.firstName,
      attributes: doc.referral.attributes,
    },
    referrerName: context.member?.name ?? null,
    memberId: doc.memberId,
    custom: customDay(context.campaign, doc.step.day),
  });
}

async function outgoingWords(
  doc: OutgoingDoc,
  { loadMedia }: Pick<Messages, 'loadMedia'>,
): Promise<Words | NoWords> {
  const parts: MessagePart[] = [];
  for (const { text, mediaFilename } of doc.parts) {
    const media = mediaFilename === null ? null : await loadMedia(mediaFilename);
    if (mediaFilename !== null && media === null) return { kind: 'none', reason: 'media_missing' };
    parts.push({ text, media });
  }
  return { kind: 'parts', parts };
}
