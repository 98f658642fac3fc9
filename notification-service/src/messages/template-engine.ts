import { Drop, Liquid, type Template } from 'liquidjs';
import { neutralWord, VARIABLE_NAMES, type VariableValues } from './variables.ts';

/** Longest template, in characters: the longest text that WhatsApp takes. */
export const MAX_TEMPLATE_LENGTH = 4_096;

/**
 * Liquid without files and within bounds. A filter or tag that reads files, time, chance or inner structures is absent:
 * the same person always gets the same text.
 */
const liquid = new Liquid({
  templates: {},
  ownPropertyOnly: true,
  strictFilters: true,
  strictVariables: true,
  lenientIf: true,
  parseLimit: 2 * MAX_TEMPLATE_LENGTH,
  renderLimit: 250,
  memoryLimit: 200_000,
  outputEscape: written,
});

const TAGS = new Set('if unless case assign capture for break continue comment raw #'.split(' '));
const FILTERS = new Set(
  (
    'default append prepend capitalize downcase upcase strip lstrip rstrip strip_newlines squish ' +
    'remove remove_first remove_last replace replace_first replace_last truncate truncatewords slice split join ' +
    'first last size reverse uniq compact plus minus times divided_by modulo round floor ceil abs at_least at_most'
  ).split(' '),
);

for (const name of Object.keys(liquid.tags)) {
  if (!TAGS.has(name)) Reflect.deleteProperty(liquid.tags, name);
}
for (const [name, filter] of Object.entries(liquid.filters)) {
  if (!FILTERS.has(name) || typeof filter !== 'function') liquid.unregisterFilter(name);
  // `default` must see that a value is missing; for every other filter the neutral word stands for it.
  else if (name !== 'default') {
    liquid.registerFilter(name, function (...values: unknown[]): unknown {
      const [value, ...args] = values.map(wordFor);
      return filter.call(this, value, ...args) as unknown;
    });
  }
}

/** A value that is not known: false in conditions, replaced by `default`, else written as its neutral word. */
class Missing extends Drop {
  readonly word: string;
  constructor(word: string) {
    super();
    this.word = word;
  }
  override valueOf(): null {
    return null;
  }
}

function wordFor(value: unknown): unknown {
  return value instanceof Missing ? value.word : value;
}

/** As it stands in the message. */
function written(value: unknown): string {
  const word = wordFor(value);
  if (Array.isArray(word)) return word.map(written).join('');
  return typeof word === 'string' || typeof word === 'number' || typeof word === 'boolean'
    ? String(word)
    : '';
}

export type ParsedTemplate = Template[];

/** Throws a LiquidError (see template-mistake.ts). */
export const parseTemplate = (text: string): ParsedTemplate => liquid.parse(text);

/** Throws a LiquidError, which does not happen for what was saved (see check-template.ts). */
export function renderTemplate(template: ParsedTemplate, values: VariableValues, language: string): string {
  const scope = Object.fromEntries(
    VARIABLE_NAMES.map(name => [name, values[name] ?? new Missing(neutralWord(name, language))]),
  );
  return String(liquid.renderSync(template, scope));
}

/** Every variable that is asked of us, with where it stands (both from 1). */
export function variablesIn(template: ParsedTemplate): { path: string[]; line: number; column: number }[] {
  const { globals } = liquid.analyzeSync(template, { partials: false });
  return Object.values(globals).flatMap(places =>
    places.map(({ segments, location }) => ({
      path: segments.map(String),
      line: location.row,
      column: location.col,
    })),
  );
}
