import { languageOf, zoneOf } from '../platform/phone.ts';
import type { ParsedPhone } from '../platform/phone.ts';
import type { EnrollmentDoc } from './enrollment-model.ts';
import type { PersonDoc } from './person-model.ts';

/** Why somebody is not enrolled. */
export type NotEligible =
  | 'no_date'
  | 'too_young'
  | 'before_backlog'
  | 'not_unpaid'
  | 'own_number'
  | 'no_phone'
  | 'bad_phone'
  | 'member_number'
  | 'excluded'
  | 'opted_out'
  | 'unreachable'
  | 'replied'
  | 'paid'
  | 'running_elsewhere'
  | 'already_followed_up'
  | 'resting'
  | 'user_gone'
  | 'details_unknown'
  | 'target_limit';

/** These pass by themselves: whoever is not enrolled for them is considered again at the next run. */
export const PASSING: ReadonlySet<NotEligible> = new Set(['too_young', 'details_unknown', 'target_limit']);

export interface Candidate {
  referralUserId: string;
  createdAt: Date | null;
  unpaid: boolean;
  /** As the platform has it. */
  phoneNumber: string | null;
  /** Null when it is not a phone number. */
  phone: ParsedPhone | null;
  country: string | null;
  /** The platform's, best first; `unknown` when it did not answer, `gone` when it knows nobody of this id. */
  languages: readonly string[] | 'unknown' | 'gone';
}

/** What holds for a whole run over one campaign of one member. */
export interface EnrollmentRules {
  memberId: string;
  campaignType: 'default' | 'filtered';
  /** The campaign's audience has paid already. */
  forSubscribers: boolean;
  now: Date;
  /** Age of a referral before enrollment. */
  delayMs: number;
  /** Referrals up to this instant were considered before, or lie before the backlog. */
  after: Date;
  /** How long after the end of a sequence a filtered campaign may take somebody again. */
  restMs: number;
  /** The member's own numbers, digits. */
  ownPhones: ReadonlySet<string>;
  /** Whom the member excluded in advance; phones in digits. */
  excluded: { userIds: ReadonlySet<string>; phones: ReadonlySet<string> };
  memberZone: string | null;
  defaultZone: string;
  defaultLanguage: string;
}

/** What is known about one candidate, by both keys. */
export interface CandidateFacts {
  people: readonly PersonDoc[];
  /** Every sequence they were ever in, on the whole platform. */
  sequences: readonly Pick<EnrollmentDoc, '_id' | 'status' | 'exitReason' | 'exitedAt'>[];
  /** Some member's line has this number. */
  isMemberNumber: boolean;
}

export interface World {
  rules: EnrollmentRules;
  facts: CandidateFacts;
  /** How many more the campaign may take. */
  room: number;
}

export type Eligibility =
  | { ok: true; phone: string; country: string | null; language: string; zone: string }
  | { ok: false; reason: NotEligible };

/** Whether somebody is enrolled now, and if not, why: the one place that decides it. Pure. */
export function eligibility(candidate: Candidate, world: World): Eligibility {
  const { rules, facts } = world;
  const reason =
    outOfTime(candidate, rules) ??
    unfit(candidate, rules) ??
    barred(facts, rules) ??
    followedUp(facts, rules) ??
    undecided(candidate, world);
  if (reason !== null) return { ok: false, reason };
  const { phone, country } = candidate.phone ?? { phone: '', country: null };
  const languages = typeof candidate.languages === 'string' ? [] : candidate.languages;
  return {
    ok: true,
    phone,
    country: candidate.country ?? country,
    language: languageFor(languages, candidate.country, country, rules.defaultLanguage),
    zone: zoneFor(country) ?? rules.memberZone ?? rules.defaultZone,
  };
}

/** By the referral's date alone: what needs no further look. */
export function outOfTime(
  { createdAt }: Pick<Candidate, 'createdAt'>,
  { now, delayMs, after }: Pick<EnrollmentRules, 'now' | 'delayMs' | 'after'>,
): NotEligible | null {
  if (createdAt === null) return 'no_date';
  if (createdAt.getTime() > now.getTime() - delayMs) return 'too_young';
  return createdAt <= after ? 'before_backlog' : null;
}

function unfit(candidate: Candidate, rules: EnrollmentRules): NotEligible | null {
  if (!candidate.unpaid && !rules.forSubscribers) return 'not_unpaid';
  if (candidate.referralUserId === rules.memberId) return 'own_number';
  if (rules.excluded.userIds.has(candidate.referralUserId)) return 'excluded';
  if (candidate.phoneNumber === null) return 'no_phone';
  if (candidate.phone === null) return 'bad_phone';
  if (rules.ownPhones.has(candidate.phone.phone)) return 'own_number';
  return rules.excluded.phones.has(candidate.phone.phone) ? 'excluded' : null;
}

function barred(
  { people, isMemberNumber }: CandidateFacts,
  { forSubscribers }: EnrollmentRules,
): NotEligible | null {
  if (isMemberNumber) return 'member_number';
  if (people.some(person => person.optedOutAt)) return 'opted_out';
  if (people.some(person => person.suppressedAt)) return 'excluded';
  if (people.some(person => person.unreachableAt)) return 'unreachable';
  if (people.some(person => person.repliedAt)) return 'replied';
  return !forSubscribers && people.some(person => person.paidAt) ? 'paid' : null;
}

/** The default campaign never takes somebody who was in any sequence; a filtered one may, after a rest. */
function followedUp({ people, sequences }: CandidateFacts, rules: EnrollmentRules): NotEligible | null {
  if (sequences.some(sequence => sequence.status === 'active')) return 'running_elsewhere';
  const ended = [
    ...sequences.map(({ exitReason, exitedAt }) => ({ reason: exitReason, endedAt: exitedAt })),
    ...people.flatMap(person => person.followedUp ?? []),
  ];
  if (ended.length === 0) return null;
  if (rules.campaignType === 'default') return 'already_followed_up';
  if (ended.some(({ reason }) => reason === 'replied')) return 'replied';
  if (ended.some(({ reason }) => reason === 'opted_out')) return 'opted_out';
  if (ended.some(({ reason }) => reason === 'unreachable' || reason === 'invalid_number'))
    return 'unreachable';
  const restedSince = rules.now.getTime() - rules.restMs;
  return ended.some(({ endedAt }) => endedAt === null || endedAt.getTime() > restedSince) ? 'resting' : null;
}

function undecided({ languages }: Candidate, { room }: World): NotEligible | null {
  if (languages === 'gone') return 'user_gone';
  if (languages === 'unknown') return 'details_unknown';
  return room > 0 ? null : 'target_limit';
}

/** The platform's first language, else by country, else the default. */
function languageFor(
  languages: readonly string[],
  country: string | null,
  phoneCountry: string | null,
  byDefault: string,
): string {
  const said = languages.map(codeOf).find(code => code !== null);
  return said ?? languageOf(country) ?? languageOf(phoneCountry) ?? byDefault;
}

/** `fr`, `fr-CA` and `FR_ca` are `fr`. */
const codeOf = (language: string): string | null =>
  /^([a-z]{2})([-_].*)?$/.exec(language.trim().toLowerCase())?.[1] ?? null;

/** Asking for a country's zone is slow and countries are few. */
const zones = new Map<string | null, string | null>();
function zoneFor(country: string | null): string | null {
  const known = zones.get(country);
  if (known !== undefined) return known;
  const zone = zoneOf(country);
  zones.set(country, zone);
  return zone;
}
