import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppError } from '../platform/errors.ts';
import { id, instant, limitUpTo, page, pageQuery, queryBoolean, userId } from './schemas.ts';
import { validate } from './validate.ts';

function failureOf(schema: z.ZodType, input: unknown, sentence?: string): AppError {
  try {
    validate(schema, input, sentence);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

const schema = z.object({
  name: z.string().min(2).max(10),
  count: z.number().int().min(1).max(5).multipleOf(1).optional(),
  list: z
    .array(z.enum(['a', 'b']))
    .max(2)
    .optional(),
  url: z.url().optional(),
  either: z.union([z.string(), z.number()]).optional(),
  words: z.record(z.string(), z.string()).optional(),
  own: z
    .string()
    .refine(() => false, 'must be nicer')
    .optional(),
  whole: z
    .string()
    .refine(() => false, 'Please say it otherwise')
    .optional(),
});

describe('validate', () => {
  it.each([
    [undefined, 'The body is required'],
    ['text', 'The body must be an object'],
    [[], 'The body must be an object'],
    [{}, 'name is required'],
    [{ name: null }, 'name must be a text'],
    [{ name: 'a' }, 'name must have at least 2 characters'],
    [{ name: 'ab', count: 1.5 }, 'count must be a whole number'],
    [{ name: 'ab', count: 9 }, 'count must be at most 5'],
    [{ name: 'ab', count: Number.NaN }, 'count must be a number'],
    [{ name: 'ab', list: ['a', 'c'] }, 'list.1 must be one of: a, b'],
    [{ name: 'ab', list: ['a', 'a', 'a'] }, 'list must hold at most 2 entries'],
    [{ name: 'ab', url: 'nowhere' }, 'url must be a web address'],
    [{ name: 'ab', either: true }, 'either is not valid'],
    [{ name: 'ab', words: { fr: 1 } }, 'words.fr must be a text'],
    [{ name: 'ab', own: 'x' }, 'own must be nicer'],
    [{ name: 'ab', whole: 'x' }, 'Please say it otherwise'],
  ])('%j: %s', (input, sentence) => {
    expect(failureOf(schema, input).message).toBe(sentence);
  });

  it('drops unknown fields and keeps the rest', () => {
    expect(validate(schema, { name: 'ab', userId: 'someone', __proto__: { x: 1 } })).toEqual({ name: 'ab' });
  });

  it('says the route’s own sentence where there is one, with the fields in the details', () => {
    const error = failureOf(schema, { count: 'x' }, 'userId is required');
    expect(error.message).toBe('userId is required');
    expect(error.details).toEqual({
      fields: [
        { field: 'name', problem: 'name is required' },
        { field: 'count', problem: 'count must be a number' },
      ],
    });
  });

  it('does not repeat endless field names', () => {
    const error = failureOf(schema, { name: 'ab', words: { ['x'.repeat(5_000)]: 1 } });
    expect(error.message.length).toBeLessThan(120);
  });
});

describe('the shared pieces', () => {
  it.each([
    [page, '3', 3],
    [page, undefined, 1],
    [page, '0', 1],
    [limitUpTo(100, 20), '1000', 100],
    [limitUpTo(100, 20), undefined, 20],
    [limitUpTo(100, 20), '0', 1],
    [pageQuery(), {}, { page: 1, limit: 20 }],
    [queryBoolean, 'false', false],
    [instant, '2025-01-31', new Date('2025-01-31T00:00:00Z')],
    [id, 'a'.repeat(24), 'a'.repeat(24)],
    [userId, 'u_1-A', 'u_1-A'],
  ])('read %#', (piece: z.ZodType, input, value) => {
    expect(validate(piece, input)).toEqual(value);
  });

  it.each([
    [page, 'x'],
    [page, '-1'],
    [page, '1e9'],
    [page, '99999999999999999999'],
    [queryBoolean, 'yes'],
    [instant, 'yesterday'],
    [instant, '2025-13-45'],
    [id, 'A'.repeat(24)],
    [id, `${'a'.repeat(24)}\n`],
    [userId, 'a/b'],
  ])('refuse %#', (piece: z.ZodType, input) => {
    expect(failureOf(piece, input).code).toBe('bad_request');
  });
});
