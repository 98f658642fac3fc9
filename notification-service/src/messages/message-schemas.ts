import { z } from 'zod';
import { languageCode } from './languages.ts';
import { DAYS } from './message-model.ts';
import { MAX_PARTS } from './parts-of-day.ts';

const DAY_REQUIRED = 'Valid dayNumber (1-7) is required';
const dayNumber = z
  .union([z.number(), z.string().regex(/^\d$/).transform(Number)], DAY_REQUIRED)
  .refine(day => (DAYS as readonly number[]).includes(day), DAY_REQUIRED)
  .meta({ description: '1 to 7.' });

export const dayParams = z.object({
  day: z
    .string()
    .regex(/^[1-7]$/, DAY_REQUIRED)
    .transform(Number),
});

const MAX_LANGUAGES = 20;
/** Texts by language code. Blank ones count as absent, fields that are no language are ignored. */
const texts = z
  .preprocess(
    given => (typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {}),
    z.record(z.string(), z.unknown()),
  )
  .transform((found, context): Record<string, string> => {
    const kept: Record<string, string> = {};
    for (const [key, text] of Object.entries(found)) {
      const code = languageCode(key);
      if (code === null || text === null || text === undefined) continue;
      if (typeof text !== 'string') {
        context.addIssue({ code: 'custom', path: [key], message: 'must be a text' });
      } else if (text.trim() !== '') kept[code] = text;
    }
    if (Object.keys(kept).length > MAX_LANGUAGES) {
      context.addIssue({ code: 'custom', message: `must hold at most ${MAX_LANGUAGES} languages` });
    }
    return kept;
  })
  .meta({
    description: 'Liquid templates by language code, such as {"fr": "Bonjour {{ name }}", "en": "…"}.',
  });

/** `both` and absent mean every language. */
const mediaLanguage = z
  .string()
  .max(35)
  .nullish()
  .transform((text, context): string | null => {
    if (text === null || text === undefined || text === '' || text === 'both') return null;
    const code = languageCode(text);
    if (code === null) context.addIssue({ code: 'custom', message: 'must be a language code or both' });
    return code;
  });

/** Fields that a save only carries along: what does not fit counts as absent, never as a mistake. */
const orNothing = <T>(shape: z.ZodType<T>) =>
  z.preprocess(given => (shape.safeParse(given).success ? given : null), shape.nullable()).optional();
const addressOrNothing = orNothing(z.string().max(2_048));
const namesOrNothing = orNothing(z.array(z.string().max(60)).max(50));

const media = z
  .object({
    url: z.string().trim().min(1).max(2_048),
    type: z.unknown().optional().meta({ description: 'Not needed: the kind is decided by content.' }),
    sourceUrl: addressOrNothing,
    language: mediaLanguage,
  })
  .transform(({ url, sourceUrl, language }) => ({ url, sourceUrl: sourceUrl ?? null, language }));
export type GivenMedia = z.output<typeof media>;

/** An address alone, or an object that holds one. */
const mediaOfDay = z.preprocess(given => (typeof given === 'string' ? { url: given } : given), media);

/** What a campaign says on one day. Attachments are as many as one day can have. */
export const customDayBody = z.object({
  dayNumber,
  messageTemplate: texts,
  mediaUrls: z
    .array(mediaOfDay)
    .max(MAX_PARTS)
    .nullish()
    .transform(found => found ?? []),
});
export type CustomDayBody = z.output<typeof customDayBody>;

const MAX_MEDIA = 40;
const mediaUrls = z
  .array(media)
  .max(MAX_MEDIA)
  .nullish()
  .transform(found => found ?? []);

const required = (defaultLanguage: string) =>
  texts.superRefine((kept, context) => {
    if (kept[defaultLanguage] === undefined) {
      context.addIssue({ code: 'custom', path: [defaultLanguage], message: 'is required' });
    }
  });

/** What a save takes; whatever GET returned is accepted. */
export const messageBody = (defaultLanguage: string) =>
  z.object({
    dayNumber,
    messageTemplate: required(defaultLanguage),
    mediaUrls,
    variables: namesOrNothing,
    active: z
      .boolean()
      .nullish()
      .transform(found => found ?? true),
  });
export type MessageBody = z.output<ReturnType<typeof messageBody>>;

const sample = z
  .object({
    name: z.string().max(200).nullish(),
    firstName: z.string().max(200).nullish(),
    referrerName: z.string().max(200).nullish(),
    ...{ country: z.string().max(60).nullish(), gender: z.string().max(60).nullish() },
    ...{ profession: z.string().max(200).nullish(), age: z.number().nullish() },
  })
  .meta({ description: 'The person it is shown for; null is somebody of whom this is not known.' });
export type SampleValues = z.output<typeof sample>;

/** A draft, or a saved day when no text is given. */
export const previewBody = z.object({
  dayNumber: dayNumber.optional(),
  messageTemplate: texts.optional(),
  mediaUrls,
  language: z.string().max(35).nullish(),
  sample: sample.nullish(),
});
export type PreviewBody = z.output<typeof previewBody>;

const text35 = z.string().max(35);
export const testBody = z.object({
  phone: z.string().max(40).optional().meta({ description: 'Where to; `phoneNumber` is the same.' }),
  phoneNumber: z.string().max(40).optional(),
  language: text35.nullish(),
  sample: sample.nullish(),
});
export type TestBody = z.output<typeof testBody>;

export const memberPreviewQuery = z.object({ language: text35.optional() });
export const mediaParams = z.object({ filename: z.string().max(200) });

const kind = z.enum(['image', 'video', 'audio', 'document']);
export const messageShape = z.object({
  _id: z.string(),
  dayNumber: z.number(),
  messageTemplate: z.record(z.string(), z.string()),
  mediaUrls: z.array(
    z.object({
      ...{ url: z.string(), type: kind, filename: z.string(), originalName: z.string(), size: z.number() },
      language: z.string().optional(),
      sourceUrl: z.string().optional(),
    }),
  ),
  variables: z.array(z.string()),
  active: z.boolean(),
  updatedAt: z.date(),
});

export const versionShape = messageShape.extend({ updatedBy: z.string() });

const bubbleShape = z.object({
  kind: z.enum(['text', ...kind.options]),
  text: z.string(),
  media: z.object({ url: z.string(), filename: z.string().nullable() }).nullable(),
});
export const previewShape = z.object({
  dayNumber: z.number(),
  previews: z.array(
    z.object({
      language: z.string(),
      text: z.string(),
      usedLanguage: z.string(),
      parts: z.array(bubbleShape),
    }),
  ),
});
export const memberPreviewShape = z.array(
  z.object({
    ...{ dayNumber: z.number(), active: z.boolean(), language: z.string().nullable(), text: z.string() },
    parts: z.array(bubbleShape),
  }),
);
export const uploadShape = z.object({
  ...{ url: z.string(), type: kind, filename: z.string(), originalName: z.string(), size: z.number() },
});
