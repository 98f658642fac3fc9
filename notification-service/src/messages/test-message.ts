import type { UserActor } from '../http/route.ts';
import { AppError } from '../platform/errors.ts';
import { parsePhone } from '../platform/phone.ts';
import type { Collection } from '../platform/mongo.ts';
import { type DayMessageDoc, dayMessageIdOf } from './message-model.ts';
import type { TestBody } from './message-schemas.ts';
import { partsOfDay } from './parts-of-day.ts';
import { sampleReferral } from './preview.ts';
import { sayDay } from './render-day.ts';

/**
 * Sends these parts through the member's own channel, in its turn. Resolves as soon as it is written down; throws an
 * AppError with a sentence when the member has no channel.
 */
export type SendTest = (test: {
  memberId: string;
  /** Digits with country code. */
  phone: string;
  parts: { text: string; mediaFilename: string | null }[];
}) => Promise<{ id: string }>;

/** A saved day, also an inactive one, to a number of the admin's choice. */
export async function testMessage(
  day: number,
  body: TestBody,
  actor: UserActor,
  deps: { messages: Collection<DayMessageDoc>; defaultLanguage: string; sendTest: SendTest },
): Promise<{ id: string }> {
  const phone = parsePhone(body.phone ?? body.phoneNumber ?? '')?.phone;
  if (phone === undefined) {
    throw new AppError('bad_request', 'A valid phone number with its country code is required.');
  }
  const content = await deps.messages.findOne({ _id: dayMessageIdOf(day) });
  if (!content) throw new AppError('not_found', 'Message not found');
  const language = body.language ?? deps.defaultLanguage;
  const referral = sampleReferral(body.sample, language);
  const referrerName = body.sample?.referrerName ?? actor.name;
  const said = sayDay(content, { day, language, referral, referrerName }, deps.defaultLanguage);
  const media = said.media.map(({ type, filename }) => ({ kind: type, filename }));
  const parts = partsOfDay(said.text, media).map(part => ({
    text: part.text,
    mediaFilename: part.media?.filename ?? null,
  }));
  if (parts.length === 0) throw new AppError('bad_request', 'This day has nothing to send in this language.');
  return deps.sendTest({ memberId: actor.userId, phone, parts });
}
