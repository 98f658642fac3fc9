import { z } from 'zod';
import { ID_PATTERN, USER_ID_PATTERN } from '../platform/ids.ts';

/** Pieces that the routes of all features share. Messages are ends of sentences: the field's name is put before them. */

export const id = z.string().regex(ID_PATTERN, 'is not a valid id').meta({ description: 'One of our ids.' });
export const userId = z
  .string()
  .regex(USER_ID_PATTERN, 'is not a valid user id')
  .meta({ description: 'A user id of the platform.' });

export const idParams = z.object({ id });

const DIGITS = /^\d{1,9}$/;
const wholeText = z.string().regex(DIGITS, 'must be a whole number').transform(Number);

/** `?page=`, from 1; beyond the last page lists are empty. */
export const page = wholeText.prefault('1').transform(found => Math.max(1, found));

/** `?limit=`, at least 1; more than `max` is read as `max`. */
export const limitUpTo = (max: number, byDefault: number) =>
  wholeText.prefault(String(byDefault)).transform(found => Math.min(Math.max(1, found), max));

/** `?page=&limit=` with at most 100 rows a page. */
export const pageQuery = (byDefault = 20) => z.object({ page, limit: limitUpTo(100, byDefault) });

/** `true` or `false` in a query. */
export const queryBoolean = z.enum(['true', 'false']).transform(text => text === 'true');

/** An instant such as `2025-01-31T10:00:00Z`, or a plain date (then midnight UTC). */
export const instant = z
  .string()
  .max(40)
  .regex(/^\d{4}-\d{2}-\d{2}([T ].*)?$/, 'must be a date such as 2025-01-31 or 2025-01-31T10:00:00Z')
  .transform((text, context) => {
    const ms = Date.parse(text);
    if (!Number.isNaN(ms)) return new Date(ms);
    context.addIssue('must be a date such as 2025-01-31 or 2025-01-31T10:00:00Z');
    return z.NEVER;
  });
