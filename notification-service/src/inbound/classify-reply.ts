import { editDistance } from './edit-distance.ts';
import { foldText } from './fold-text.ts';
import { CLEAR, NOT_A_TYPO, OPT_OUT_WORDS, OPT_OUTS, PHRASES, UNCLEAR } from './opt-out-words.ts';

/** `near_miss`: may have been meant as an opt-out; it pauses the person and asks the member to look. */
export type ReplyKind = 'opt_out' | 'near_miss' | 'reply';

/** What somebody who answers wants of us. An opt-out is for good, so it has to be the whole message. Pure. */
export function classifyReply(text: string): ReplyKind {
  const folded = foldText(text);
  if (folded === '') return STOP_SIGNS.test(text) ? 'near_miss' : 'reply';
  if (OPT_OUTS.has(folded) || isRepeated(folded)) return 'opt_out';
  return isNearMiss(folded) ? 'near_miss' : 'reply';
}

/** A stop sign, no entry, prohibited, a raised hand: and no word beside it. */
const STOP_SIGNS = /[\u{1F6D1}\u{26D4}\u{1F6AB}\u{270B}]/u;

/** A sentence of more words than this may well speak of a bus stop. */
const SHORT = 6;

function isRepeated(folded: string): boolean {
  const [first = '', ...rest] = folded.split(' ');
  return rest.length > 0 && OPT_OUTS.has(first) && rest.every(word => word === first);
}

function isNearMiss(folded: string): boolean {
  const words = folded.split(' ');
  if (words.length === 1 && UNCLEAR.has(folded)) return true;
  if (words.some(word => CLEAR.has(word))) return true;
  if (PHRASES.some(phrase => ` ${folded} `.includes(` ${phrase} `))) return true;
  if (words.length > SHORT) return false;
  return words.some(word => OPT_OUTS.has(word)) || isTypo(words.join(''));
}

/** Typing errors, and letters held down ("stoooop"), of a message that is one word (or one word torn apart). */
function isTypo(word: string): boolean {
  if (NOT_A_TYPO.has(word)) return false;
  const squeezed = squeeze(word);
  return OPT_OUT_WORDS.some(
    wanted =>
      squeeze(wanted) === squeezed ||
      (word[0] === wanted[0] && editDistance(word, wanted) <= allowedTypos(word, wanted)),
  );
}

const squeeze = (word: string): string => word.replace(/(.)\1+/gu, '$1');

/** Short words are too close to each other: `stp` is a French please. */
function allowedTypos(word: string, wanted: string): number {
  const letters = Math.min(word.length, wanted.length);
  if (letters < 4) return 0;
  return letters < 8 ? 1 : 2;
}
