import type { MessagePart } from '../channels/index.ts';
import type { Collection } from '../platform/mongo.ts';
import type { Logger } from '../platform/logger.ts';
import { savedTemplate } from './check-template.ts';
import { textFor } from './languages.ts';
import { type DayContent, type DayMedia, type DayMessageDoc, dayMessageIdOf } from './message-model.ts';
import { MAX_PARTS, partsOfDay } from './parts-of-day.ts';
import { renderTemplate } from './template-engine.ts';
import { type WrittenTo, valuesOf } from './variables.ts';

export interface DayRequest {
  /** 1–7. */
  day: number;
  /** Of the person written to; falls back to its base language and the default one. */
  language: string | null;
  referral: WrittenTo;
  referrerName: string | null;
  memberId: string;
  /** What a campaign says on this day instead of the platform's message, as far as it goes. */
  custom?: DayContent | undefined;
}

export type RenderedDay =
  | { kind: 'parts'; parts: MessagePart[] }
  | { kind: 'none'; reason: 'no_message' | 'no_text' | 'media_missing' | 'template_failed' };

export type LoadMedia = (filename: string) => Promise<LoadedMedia | null>;
export type LoadedMedia = NonNullable<MessagePart['media']>;

export interface RenderDeps {
  messages: Collection<DayMessageDoc>;
  loadMedia: LoadMedia;
  defaultLanguage: string;
  logger: Logger;
}

/** What this person gets on this day, attachments loaded. Missing things have an outcome, never a throw. */
export async function renderDay(request: DayRequest, deps: RenderDeps): Promise<RenderedDay> {
  const content = await contentFor(request, deps);
  if (!content) return { kind: 'none', reason: 'no_message' };
  const said = trySaying(content, request, deps);
  if (!said) return { kind: 'none', reason: 'template_failed' };
  const media = await loadAll(said.media, request, deps);
  const parts = partsOfDay(said.text, media);
  if (parts.length > MAX_PARTS)
    deps.logger.warn('A day has more messages than it may have; the last ones are left out', {
      day: request.day,
    });
  if (parts.length > 0) return { kind: 'parts', parts: parts.slice(0, MAX_PARTS) };
  return { kind: 'none', reason: said.media.length > 0 ? 'media_missing' : 'no_text' };
}

/**
 * A campaign's own words where it has some that this person reads; else the platform's, with the campaign's attachments
 * where it has only attachments.
 */
async function contentFor(request: DayRequest, deps: RenderDeps): Promise<DayContent | null> {
  const { custom, language, day } = request;
  if (custom && textFor(custom.messageTemplate, language, deps.defaultLanguage)) return custom;
  const platforms = await activeMessage(day, deps);
  if (!custom || custom.mediaUrls.length === 0 || Object.keys(custom.messageTemplate).length > 0)
    return platforms;
  return { messageTemplate: platforms?.messageTemplate ?? {}, mediaUrls: custom.mediaUrls };
}

const activeMessage = (day: number, { messages }: RenderDeps): Promise<DayMessageDoc | null> =>
  messages.findOne({ _id: dayMessageIdOf(day), active: true });

/** What was checked at save can be rendered; should it not, the day is skipped with its reason. */
function trySaying(content: DayContent, request: DayRequest, deps: RenderDeps): SaidDay | null {
  try {
    return sayDay(content, request, deps.defaultLanguage);
  } catch (error) {
    deps.logger.error('A day message could not be rendered', { day: request.day, error });
    return null;
  }
}

export interface SaidDay {
  /** The language of the text, or the one that was asked for when there is no text. */
  language: string;
  /** Empty when there is none. */
  text: string;
  media: DayMedia[];
}

/** The text in the person's language, and the attachments that belong to that language. */
export function sayDay(
  content: DayContent,
  request: Omit<DayRequest, 'custom' | 'memberId'>,
  defaultLanguage: string,
): SaidDay {
  const found = textFor(content.messageTemplate, request.language, defaultLanguage);
  const language = found?.language ?? request.language ?? defaultLanguage;
  return {
    language,
    text: found
      ? renderTemplate(savedTemplate(found.template), valuesOf({ ...request, language }), language).trim()
      : '',
    media: content.mediaUrls.filter(media => media.language === null || media.language === language),
  };
}

/** A file that is gone is left out; the day goes on with the rest. */
async function loadAll(media: DayMedia[], request: DayRequest, deps: RenderDeps): Promise<LoadedMedia[]> {
  const loaded: LoadedMedia[] = [];
  for (const { filename } of media) {
    const file = await deps.loadMedia(filename);
    if (file) loaded.push(file);
    else deps.logger.warn('An attachment is missing from the media store', { day: request.day, filename });
  }
  return loaded;
}
