import {
  MAX_TEMPLATE_LENGTH,
  type ParsedTemplate,
  parseTemplate,
  renderTemplate,
  variablesIn,
} from './template-engine.ts';
import { mistakeOf, type TemplateMistake } from './template-mistake.ts';
import { VARIABLE_NAMES, type VariableValues, valuesOf } from './variables.ts';

export type TemplateCheck =
  { ok: true; variables: string[]; longest: string } | { ok: false; mistake: TemplateMistake };

/**
 * Whether a template can be sent: it is read, its variables are looked up, and it is rendered for somebody of whom
 * everything is known, at length, and for somebody of whom nothing is.
 */
export function checkTemplate(text: string, language: string): TemplateCheck {
  try {
    if (text.length > MAX_TEMPLATE_LENGTH) return refused(tooLong(text.length));
    const template = parseTemplate(text);
    const used = variablesIn(template);
    const unknown = used
      .filter(({ path }) => !(path.length === 1 && KNOWN.has(path[0] ?? '')))
      .sort(byPlace)[0];
    if (unknown) {
      return refused({ ...unknown, problem: `unknown variable "${unknown.path.join('.').slice(0, 60)}"` });
    }
    const longest = renderTemplate(template, SOMEBODY, language);
    const shortest = renderTemplate(template, NOBODY, language);
    if (longest.trim() === '' && shortest.trim() === '') {
      return refused({ line: 1, column: 1, problem: 'the text is empty' });
    }
    if (longest.length > MAX_TEMPLATE_LENGTH) return refused(tooLong(longest.length));
    return { ok: true, variables: [...new Set(used.map(({ path }) => path.join('.')))], longest };
  } catch (error) {
    return refused(mistakeOf(error));
  }
}

const KNOWN: ReadonlySet<string> = new Set(VARIABLE_NAMES);

const refused = ({ line, column, problem }: TemplateMistake): TemplateCheck => ({
  ok: false,
  mistake: { line, column, problem },
});

const byPlace = (a: TemplatePlace, b: TemplatePlace): number => a.line - b.line || a.column - b.column;
type TemplatePlace = Pick<TemplateMistake, 'line' | 'column'>;

const tooLong = (length: number): TemplateMistake => ({
  ...{ line: 1, column: 1 },
  problem: `the text has ${length} characters, ${MAX_TEMPLATE_LENGTH} are possible`,
});

const LONG = 'Maximiliana-Alexandrina Papadopoulos-Vandenberghe';
const SOMEBODY: VariableValues = valuesOf({
  referral: {
    ...{ name: LONG, firstName: 'Maximiliana-Alexandrina' },
    attributes: { country: 'CD', gender: 'female', profession: LONG, age: 99 },
  },
  ...{ referrerName: LONG, day: 7, language: 'en' },
});
const NOBODY: VariableValues = valuesOf({
  referral: { name: null, firstName: null, attributes: {} },
  ...{ referrerName: null, day: 1, language: 'en' },
});

const parsed = new Map<string, ParsedTemplate>();
const MAX_PARSED = 500;

/** The parsed form of what was saved; the last few hundred are kept. */
export function savedTemplate(text: string): ParsedTemplate {
  const known = parsed.get(text);
  if (known) return known;
  const template = parseTemplate(text);
  const oldest = parsed.size >= MAX_PARSED ? parsed.keys().next().value : undefined;
  if (oldest !== undefined) parsed.delete(oldest);
  parsed.set(text, template);
  return template;
}
