import { AppError } from '../platform/errors.ts';
import type { Collection } from '../platform/mongo.ts';
import { languageChain } from './languages.ts';
import { MEDIA_PATH } from './keep-media.ts';
import { isMediaFilename, type MediaStore } from './media-store.ts';
import { type DayContent, type DayMedia, type DayMessageDoc, dayMessageIdOf } from './message-model.ts';
import type { GivenMedia, PreviewBody } from './message-schemas.ts';
import {
  type DayPreview,
  previewDay,
  type PreviewSettings,
  SAMPLE_REFERRER,
  sampleReferral,
} from './preview.ts';
import { checkTexts } from './save-message.ts';

export interface PreviewDeps extends PreviewSettings {
  messages: Collection<DayMessageDoc>;
  media: MediaStore;
}

/** A draft, or a saved day, in every language it has or in the one that is asked for. Refuses what a save refuses. */
export async function previewMessage(
  body: PreviewBody,
  deps: PreviewDeps,
): Promise<{ dayNumber: number; previews: DayPreview[] }> {
  const content = body.messageTemplate ? await draftOf(body, deps) : await savedDay(body.dayNumber, deps);
  const day = body.dayNumber ?? 1;
  const languages = body.language ? [body.language] : Object.keys(content.messageTemplate);
  const previews = languages.map(language =>
    previewDay(
      content,
      {
        ...{ day, language, referral: sampleReferral(body.sample, language) },
        referrerName: body.sample?.referrerName === undefined ? SAMPLE_REFERRER : body.sample.referrerName,
      },
      deps,
    ),
  );
  return { dayNumber: day, previews };
}

async function savedDay(day: number | undefined, { messages }: PreviewDeps): Promise<DayContent> {
  if (day === undefined) throw new AppError('bad_request', 'Valid dayNumber (1-7) is required');
  const found = await messages.findOne({ _id: dayMessageIdOf(day) });
  if (!found) throw new AppError('not_found', 'Message not found');
  return found;
}

async function draftOf(body: PreviewBody, deps: PreviewDeps): Promise<DayContent> {
  const messageTemplate = body.messageTemplate ?? {};
  checkTexts(messageTemplate);
  const [language] = languageChain(null, deps.defaultLanguage);
  if (language !== undefined && messageTemplate[language] === undefined && !body.language) {
    throw new AppError('bad_request', `messageTemplate.${language} is required`);
  }
  return { messageTemplate, mediaUrls: await uploadedAmong(body.mediaUrls, deps.media) };
}

/** Only what is uploaded already: a preview fetches nothing. */
async function uploadedAmong(given: readonly GivenMedia[], media: MediaStore): Promise<DayMedia[]> {
  const found: DayMedia[] = [];
  for (const { url, language } of given) {
    const filename = url.split(MEDIA_PATH)[1] ?? '';
    const file = isMediaFilename(filename) ? await media.find(filename) : null;
    if (!file) continue;
    const { kind: type, originalName, size } = file;
    found.push({ ...{ type, filename, originalName, size, language }, sourceUrl: null });
  }
  return found;
}
