import type { TargetFilter } from './campaign-model.ts';

/** What a filter looks at. Null: not known. */
export interface FilterSubject {
  /** ISO code. */
  country: string | null;
  registeredAt: Date | null;
  activeSubscriptionTypes: readonly string[];
  /** Whether they themselves have referred somebody who has not paid. */
  hasUnpaidReferrals: boolean | null;
  /** In a running sequence now. */
  isCurrentTarget: boolean;
  gender: string | null;
  profession: string | null;
  /** Whole years. */
  age: number | null;
}

/**
 * Whether a person belongs to a campaign's audience: the one function for preview and enrollment, so that what was
 * previewed is what is enrolled. A field that is absent, empty or `all` asks nothing; what is asked and not known does
 * not match. Pure.
 */
export const matchesFilter = (person: FilterSubject, filter: TargetFilter): boolean =>
  QUESTIONS.every(ask => ask(person, filter));

type Question = (person: FilterSubject, filter: TargetFilter) => boolean;

const QUESTIONS: readonly Question[] = [
  (person, { countries }) => isAmong(person.country, countries),
  (person, { registrationDateFrom: text }) => {
    const from = readFilterDate(text);
    return from === null || (person.registeredAt !== null && person.registeredAt >= from);
  },
  (person, { registrationDateTo: text }) => {
    const to = readFilterDate(text);
    return to === null || (person.registeredAt !== null && person.registeredAt <= to);
  },
  (person, { subscriptionStatus }) =>
    (subscriptionStatus ?? 'all') === 'all' ||
    (subscriptionStatus === 'subscribed') === person.activeSubscriptionTypes.length > 0,
  (person, { hasUnpaidReferrals }) => hasUnpaidReferrals !== true || person.hasUnpaidReferrals === true,
  (person, { excludeCurrentTargets }) => excludeCurrentTargets !== true || !person.isCurrentTarget,
  (person, { gender }) => !asks(gender) || sameWord(person.gender, gender),
  (person, { professions }) => isAmong(person.profession, professions),
  (person, { minAge }) => minAge === undefined || (person.age !== null && person.age >= minAge),
  (person, { maxAge }) => maxAge === undefined || (person.age !== null && person.age <= maxAge),
];

const asks = (word: string | undefined): word is string =>
  word !== undefined && word.trim() !== '' && word.trim().toLowerCase() !== 'all';

const isAmong = (value: string | null, wanted: readonly string[] | undefined): boolean =>
  wanted === undefined || wanted.length === 0 || wanted.some(word => sameWord(value, word));

const sameWord = (a: string | null, b: string): boolean =>
  a !== null && a.trim().toLowerCase() === b.trim().toLowerCase();

/**
 * An instant as front ends send it, both ends inclusive. A day beyond its month's end means the month's last day
 * (`2025-02-31T00:00:00.000Z` is the 28th). Null when absent or not an instant.
 */
export function readFilterDate(text: string | undefined): Date | null {
  const [, year, month, day, rest] = /^(\d{4})-(\d{2})-(\d{2})(T.*)?$/.exec(text?.trim() ?? '') ?? [];
  if (year === undefined || month === undefined || day === undefined) return null;
  const lastDay = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const date = `${year}-${month}-${String(Math.min(Number(day), lastDay)).padStart(2, '0')}`;
  const at = new Date(`${date}${rest ?? 'T00:00:00Z'}`);
  return Number.isNaN(at.getTime()) ? null : at;
}
