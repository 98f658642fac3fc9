/**
 * A message reduced to its bare words: no case, accents, punctuation, emoji, zero-width characters, Arabic vowel signs
 * or tatweel; the spellings of one Arabic letter become one. Pure.
 */
export function foldText(text: string): string {
  const bare = text
    .slice(0, LONGEST)
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}\u0640\u115f\u1160\u3164]/gu, '')
    .toLowerCase()
    .replace(
      /[\u0131\u00df\u0671\u0649\u06cc\u0629\u06a9\u0142\u00f8]/gu,
      letter => LETTERS[letter] ?? letter,
    )
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  return joinSpelledOut(bare);
}

/** Nobody opts out in an essay; and nothing longer has to be looked through. */
const LONGEST = 2_000;

/** What Unicode does not decompose. */
const LETTERS: Readonly<Record<string, string>> = {
  '\u0131': 'i', // Turkish dotless i
  '\u00df': 'ss',
  '\u0142': 'l',
  '\u00f8': 'o',
  '\u0671': '\u0627', // alef wasla
  '\u0649': '\u064a', // alef maksura
  '\u06cc': '\u064a', // Persian yeh
  '\u0629': '\u0647', // teh marbuta
  '\u06a9': '\u0643', // Persian kaf
};

/** `S.T.O.P` and `s t o p` are one word; with a word of more than one letter among them they are not. */
function joinSpelledOut(text: string): string {
  const letters = text.split(' ');
  return letters.length > 2 && letters.every(letter => Array.from(letter).length === 1)
    ? letters.join('')
    : text;
}
