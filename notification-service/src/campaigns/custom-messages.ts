import type { CustomDayBody, DayContent, Messages } from '../messages/index.ts';
import { checkTexts } from '../messages/index.ts';
import type { CampaignDoc, CustomMedia, CustomMessage } from './campaign-model.ts';

export interface CustomMessageDeps {
  messages: Pick<Messages, 'tryToKeep' | 'removeMedia'>;
}

/** While somebody waits for the answer. Machine time. */
const FIRST_TRY_MS = 8_000;
const LATER_TRY_MS = 60_000;

/**
 * The days as they are kept: texts checked like the platform's (throws with line and column), files fetched. An address
 * that cannot be reached does not fail the campaign: it stays with its warning. A day that says nothing is left out,
 * and of two for one day the later counts.
 */
export async function keepCustomMessages(
  given: readonly CustomDayBody[],
  keptBy: string,
  deps: CustomMessageDeps,
): Promise<CustomMessage[]> {
  for (const { messageTemplate } of given) checkTexts(messageTemplate);
  const byDay = new Map(given.map(day => [day.dayNumber, day]));
  const saying = [...byDay.values()].filter(
    day => day.mediaUrls.length > 0 || Object.keys(day.messageTemplate).length > 0,
  );
  const kept = saying.map(async ({ dayNumber, messageTemplate, mediaUrls }) => ({
    ...{ dayNumber, messageTemplate },
    mediaUrls: await Promise.all(
      mediaUrls.map(({ url, language }) => keepOne({ url, language }, keptBy, FIRST_TRY_MS, deps)),
    ),
  }));
  return (await Promise.all(kept)).sort((a, b) => a.dayNumber - b.dayNumber);
}

async function keepOne(
  { url, language }: Pick<CustomMedia, 'url' | 'language'>,
  keptBy: string,
  withinMs: number,
  { messages }: CustomMessageDeps,
): Promise<CustomMedia> {
  return { url, language, ...(await messages.tryToKeep({ url, language }, { keptBy, withinMs })) };
}

/** Tries the missing files again; null when nothing has changed. */
export async function fetchMissing(
  { customMessages, memberId }: Pick<CampaignDoc, 'customMessages' | 'memberId'>,
  deps: CustomMessageDeps,
): Promise<CustomMessage[] | null> {
  const again = async (media: CustomMedia): Promise<CustomMedia> =>
    media.file ? media : keepOne(media, memberId, LATER_TRY_MS, deps);
  const tried: CustomMessage[] = [];
  for (const day of customMessages)
    tried.push({ ...day, mediaUrls: await Promise.all(day.mediaUrls.map(again)) });
  const isNew = tried.some((day, i) => {
    const before = customMessages[i]?.mediaUrls ?? [];
    return day.mediaUrls.some(({ file, warning }, j) =>
      file ? before[j]?.file === null : warning !== before[j]?.warning,
    );
  });
  return isNew ? tried : null;
}

/** The files that were fetched for this campaign; an uploaded one that it names belongs to others too. */
export const fetchedFiles = (customMessages: readonly CustomMessage[]): string[] =>
  customMessages.flatMap(({ mediaUrls }) =>
    mediaUrls.flatMap(({ file }) => (file?.sourceUrl ? [file.filename] : [])),
  );

/** What the campaign says on this day, without the files that are missing. Pure. */
export function customDay(
  campaign: Pick<CampaignDoc, 'customMessages'> | null,
  day: number,
): DayContent | undefined {
  const found = campaign?.customMessages.find(({ dayNumber }) => dayNumber === day);
  if (!found) return undefined;
  return {
    messageTemplate: found.messageTemplate,
    mediaUrls: found.mediaUrls.flatMap(({ file }) => file ?? []),
  };
}
