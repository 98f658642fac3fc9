import { z } from 'zod';
import { USER_ID_PATTERN } from '../platform/ids.ts';
import type { PersonDetails, Referral } from './referral-source.ts';

/**
 * A person as the user service and those who push write them: `{_id, name, email, phoneNumber, country, gender,
 * profession, age, activeSubscriptionTypes[], createdAt, language[]}`. Only `_id` must be there; whatever else is of
 * another form is read as absent, so that one odd field never hides a person.
 */
const textOf = (text: string): string | null => text.trim().slice(0, 200) || null;
const words = z.string().transform(textOf).nullable().catch(null);
const digits = z
  .union([z.string(), z.number().transform(String)])
  .transform(textOf)
  .nullable()
  .catch(null);
const age = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,3}$/)
      .transform(Number),
  ])
  .pipe(z.number().min(0).max(150))
  .nullable()
  .catch(null);
const list = z
  .union([z.array(z.unknown()), z.string().transform(one => [one])])
  .transform((found: unknown[]) =>
    found.flatMap(entry =>
      typeof entry === 'string' && textOf(entry) !== null ? [entry.trim().slice(0, 100)] : [],
    ),
  );
const instant = z
  .union([z.string(), z.number()])
  .transform(found => new Date(found))
  .transform(at => (Number.isNaN(at.getTime()) ? null : at))
  .nullable()
  .catch(null);

const personFields = {
  _id: z.string().regex(USER_ID_PATTERN),
  name: words.default(null),
  email: words.default(null),
  phoneNumber: digits.default(null),
};

const referralShape = z.object({
  ...personFields,
  country: words.default(null),
  gender: words.default(null),
  profession: words.default(null),
  age: age.default(null),
  language: list.nullable().catch(null).default(null),
  activeSubscriptionTypes: list.catch([]).default([]),
  createdAt: instant.default(null),
});
const detailsShape = z.object({ ...personFields, language: list.catch([]).default([]) });

/** Null when there is no readable id. */
export function readReferral(row: unknown, memberId: string): Referral | null {
  const parsed = referralShape.safeParse(row);
  if (!parsed.success) return null;
  const { _id: id, language: languages, ...rest } = parsed.data;
  return { id, memberId, ...rest, languages };
}

/** Null when there is no readable id. */
export function readDetails(row: unknown): PersonDetails | null {
  const parsed = detailsShape.safeParse(row);
  if (!parsed.success) return null;
  const { _id: id, language: languages, ...rest } = parsed.data;
  return { id, ...rest, languages };
}
