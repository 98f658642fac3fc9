import type { z } from 'zod';
import { AppError } from '../platform/errors.ts';

/**
 * Reads a request's params, query or body by its schema; throws `bad_request` with one plain sentence that names the
 * field, and all of them in `details.fields`.
 */
export function validate<T>(schema: z.ZodType<T>, input: unknown, sentence?: string): T {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues
    .slice(0, 20)
    .map(issue => ({ field: nameOf(issue), problem: sentenceOf(issue) }));
  throw new AppError('bad_request', sentence ?? fields[0]?.problem ?? 'The request is not valid', {
    details: { fields },
  });
}

function nameOf(issue: z.core.$ZodIssue): string {
  const name = issue.path.map(String).join('.');
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}

/** `name is required`, `limit must be at most 100`: the field and what it should be, never library words. */
function sentenceOf(issue: z.core.$ZodIssue): string {
  const name = nameOf(issue);
  const field = name === '' ? 'The body' : name;
  const own = ownWords(issue);
  if (own !== null) return /^[A-Z"«]/.test(own) ? own : `${field} ${own}`;
  if (issue.code === 'invalid_type' && issue.input === undefined) return `${field} is required`;
  return `${field} ${problemOf(issue)}`;
}

/** Messages written in our schemas; the library's begin with these words. */
function ownWords(issue: z.core.$ZodIssue): string | null {
  return /^(Invalid|Too |Unrecognized|Expected|Required)/.test(issue.message) ? null : issue.message;
}

function problemOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${ARTICLES[issue.expected] ?? 'of another type'}`;
    case 'too_small':
      return `must ${sizeOf(issue.origin, `at least ${String(issue.minimum)}`)}`;
    case 'too_big':
      return `must ${sizeOf(issue.origin, `at most ${String(issue.maximum)}`)}`;
    case 'invalid_value':
      return `must be one of: ${issue.values.map(String).join(', ')}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return issue.format === 'url' ? 'must be a web address' : 'does not have the right form';
    case 'unrecognized_keys':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return 'is not valid';
  }
}

function sizeOf(origin: string, bound: string): string {
  if (origin === 'string') return `have ${bound} characters`;
  return origin === 'array' || origin === 'set' ? `hold ${bound} entries` : `be ${bound}`;
}

const ARTICLES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  date: 'a date',
  null: 'null',
};
