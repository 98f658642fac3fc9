import type { MediaKind } from '../channels/index.ts';

/** At most this many WhatsApp messages make one day. */
export const MAX_PARTS = 4;
/** Longer texts are a message of their own. */
const MAX_CAPTION_LENGTH = 1_024;
const TAKES_CAPTION: readonly MediaKind[] = ['image', 'video', 'document'];

/**
 * One day as WhatsApp messages. The text appears exactly once: as the caption of the first attachment where its kind
 * takes one, else as its own message before it.
 */
export function partsOfDay<M extends { kind: MediaKind }>(
  text: string,
  media: readonly M[],
): { text: string; media: M | null }[] {
  if (text === '') return media.map(one => ({ text: '', media: one }));
  const [first, ...rest] = media;
  if (first && isCaption(text, media)) {
    return [{ text, media: first }, ...rest.map(one => ({ text: '', media: one }))];
  }
  return [{ text, media: null }, ...media.map(one => ({ text: '', media: one }))];
}

/** A text a little too long is a caption all the same when there is no room for one message more. */
function isCaption(text: string, media: readonly { kind: MediaKind }[]): boolean {
  const [first] = media;
  if (!first || !TAKES_CAPTION.includes(first.kind)) return false;
  return text.length <= MAX_CAPTION_LENGTH || media.length >= MAX_PARTS;
}
