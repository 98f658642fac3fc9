import { LiquidError } from 'liquidjs';

/** Why a template is refused, in words for the admin, and where (both from 1). */
export interface TemplateMistake {
  line: number;
  column: number;
  problem: string;
}

/** What the template language complains about, in plain words. Rethrows what is no complaint of it. */
export function mistakeOf(error: unknown): TemplateMistake {
  if (!(error instanceof Error)) throw error;
  if (!LiquidError.is(error)) {
    // Limits of the whole parse come without a place.
    if (error.name === 'AssertionError') return { line: 1, column: 1, problem: plainWords(error.message) };
    throw error;
  }
  const [line = 1, column = 1] = error.token.getPosition();
  const words = error.originalError?.message ?? error.message.replace(/, line:\d+, col:\d+$/, '');
  return { line, column, problem: plainWords(words) };
}

function plainWords(message: string): string {
  for (const [pattern, problem] of KNOWN) {
    const found = pattern.exec(message);
    if (found) return problem.replace('$1', () => (found[1] ?? '').slice(0, 60));
  }
  return 'this cannot be read';
}

const KNOWN: readonly (readonly [RegExp, string])[] = [
  [/^undefined variable: (.+)$/s, 'unknown variable "$1"'],
  [/^undefined filter: (.+)$/s, 'unknown filter "$1"'],
  [/^tag "(end\w+|else|elsif|when)" not found/, '"$1" has no beginning'],
  [/^tag "(\w+)" not found/, 'unknown tag "$1"'],
  [/^tag "\{%.*not closed/s, '"{%" is never closed by "%}"'],
  [/^tag \{%-?\s*(\w+).*not closed/s, '"$1" is never ended'],
  [/^output .*not closed/s, '"{{" is never closed by "}}"'],
  [/^invalid value expression: ""/, 'a variable is missing'],
  [/^expected "(.+?)"/, '"$1" is missing'],
  [/^(\w+) expects? \d+ arguments?/, 'the filter "$1" needs a value after ":"'],
  [/limit exceeded/, 'this takes too long or becomes too large'],
];
