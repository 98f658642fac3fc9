import type { z } from 'zod';
import type { DayMessageDoc } from './message-model.ts';
import type { messageShape } from './message-schemas.ts';

export type ShownMessage = z.output<typeof messageShape>;

/** A day message as the admin app knows it: `en` is always a text, `mediaUrls` always a list. */
export const shownMessage = (doc: DayMessageDoc, addressOf: (filename: string) => string): ShownMessage => ({
  _id: doc._id,
  dayNumber: doc.dayNumber,
  messageTemplate: { en: '', ...doc.messageTemplate },
  mediaUrls: doc.mediaUrls.map(({ language, sourceUrl, ...media }) => ({
    url: addressOf(media.filename),
    ...media,
    ...(language === null ? {} : { language }),
    ...(sourceUrl === null ? {} : { sourceUrl }),
  })),
  variables: doc.variables,
  active: doc.active,
  updatedAt: doc.updatedAt,
});
