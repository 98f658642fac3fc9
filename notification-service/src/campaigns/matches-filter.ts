import type { Referral } from '../referrals/index.ts';
import type { TargetFilter } from './campaign-model.ts';

/** What a filter looks at of somebody who was referred. */
export const filterSubjectOf = (referral: Referral): FilterSubject => ({
  country: referral.country,
  registeredAt: referral.createdAt,
  activeSubscriptionTypes: referral.activeSubscriptionTypes,
  // The answer does not say whom they have referred: they are themselves a referral that is unpaid, or not.
  hasUnpaidReferrals: referral.activeSubscriptionTypes.length === 0,
  // Whoever is in a running sequence cannot enter a second one: eligibility says so, whatever the filter asks.
  isCurrentTarget: false,
  gender: referral.gender,
  profession: referral.profession,
  age: referral.age,
});

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
    !asks(subscriptionStatus) ||
    (subscriptionStatus === 'subscribed') === person.activeSubscriptionTypes.length > 0,
  (person, { hasUnpaidReferrals }) => hasUnpaidReferrals !== true || person.hasUnpaidReferrals === true,
  (person, { excludeCurrentTargets }) => excludeCurrentTargets !== true || !person.isCurrentTarget,
  (person, { gender }) => !asks(gender) || sameWord(person.gender, gender),
  (person, { professions }) => isAmong(person.profession, professions),
  ({ age }, { minAge }) => {
    const least = yearsIn(minAge);
    return least === null || (age !== null && age >= least);
  },
  ({ age }, { maxAge }) => {
    const most = yearsIn(maxAge);
    return most === null || (age !== null && age <= most);
  },
];

const asks = (word: string | null | undefined): word is string =>
  typeof word === 'string' && word.trim() !== '' && word.trim().toLowerCase() !== 'all';

const isAmong = (value: string | null, wanted: readonly string[] | null | undefined): boolean => {
  const asked = (wanted ?? []).filter(asks);
  return asked.length === 0 || asked.some(word => sameWord(value, word));
};

/** Null when nothing was typed. */
const yearsIn = (typed: number | string | null | undefined): number | null =>
  typed === null || typed === undefined || typed === '' ? null : Number(typed);

const sameWord = (a: string | null, b: string): boolean =>
  a !== null && a.trim().toLowerCase() === b.trim().toLowerCase();

/**
 * An instant as front ends send it, both ends inclusive. A day beyond its month's end means the month's last day
 * (`2025-02-31T00:00:00.000Z` is the 28th). Null when absent or not an instant.
 */
export function readFilterDate(text: string | null | undefined): Date | null {
  const [, year, month, day, rest] = /^(\d{4})-(\d{2})-(\d{2})(T.*)?$/.exec(text?.trim() ?? '') ?? [];
  if (year === undefined || month === undefined || day === undefined) return null;
  const lastDay = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const date = `${year}-${month}-${String(Math.min(Number(day), lastDay)).padStart(2, '0')}`;
  const at = new Date(`${date}${rest ?? 'T00:00:00Z'}`);
  return Number.isNaN(at.getTime()) ? null : at;
}
