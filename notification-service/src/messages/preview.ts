import type { MediaKind } from '../channels/index.ts';
import type { DayContent } from './message-model.ts';
import type { SampleValues } from './message-schemas.ts';
import { partsOfDay } from './parts-of-day.ts';
import { sayDay } from './render-day.ts';
import type { WrittenTo } from './variables.ts';

/** One WhatsApp message as a bubble shows it. */
export interface Bubble {
  kind: 'text' | MediaKind;
  text: string;
  media: { url: string; filename: string } | null;
}

export interface DayPreview {
  /** As asked for. */
  language: string;
  /** Whose text it is, after falling back. */
  usedLanguage: string;
  text: string;
  parts: Bubble[];
}

export interface PreviewSettings {
  defaultLanguage: string;
  addressOf: (filename: string) => string;
}

/** One day as somebody reads it in one language. */
export function previewDay(
  content: DayContent,
  who: { day: number; language: string; referral: WrittenTo; referrerName: string | null },
  settings: PreviewSettings,
): DayPreview {
  const said = sayDay(content, who, settings.defaultLanguage);
  const media = said.media.map(one => ({ ...one, kind: one.type }));
  const parts = partsOfDay(said.text, media).map((part): Bubble => ({
    kind: part.media?.kind ?? 'text',
    text: part.text,
    media: part.media && {
      url: settings.addressOf(part.media.filename),
      filename: part.media.originalName,
    },
  }));
  return { language: who.language, usedLanguage: said.language, text: said.text, parts };
}

/** The person a preview is shown for: what the sample says, else somebody with a name that fits the language. */
export function sampleReferral(sample: SampleValues | null | undefined, language: string): WrittenTo {
  const name =
    sample?.name === undefined ? (SAMPLE_NAMES[language.split('-')[0] ?? ''] ?? 'Alex Kim') : sample.name;
  const given: Record<string, string | number | null | undefined> = {
    country: sample?.country,
    gender: sample?.gender,
    profession: sample?.profession,
    age: sample?.age,
  };
  const attributes: Record<string, string | number> = {};
  for (const [key, value] of Object.entries(given))
    if (value !== null && value !== undefined) attributes[key] = value;
  return { name, firstName: sample?.firstName ?? null, attributes };
}

/** The member in a preview for admins. */
export const SAMPLE_REFERRER = 'Awa Diallo';

const SAMPLE_NAMES: Readonly<Record<string, string>> = {
  fr: 'Camille Martin',
  en: 'Alex Miller',
  es: 'Lucía Romero',
  pt: 'Inês Carvalho',
  ar: 'نور العلي',
};
