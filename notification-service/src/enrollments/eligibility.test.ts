import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eligibility } from './eligibility.ts';
import type { Candidate, CandidateFacts, EnrollmentRules, NotEligible } from './eligibility.ts';
import type { PersonDoc } from './person-model.ts';

const at = (iso: string) => new Date(iso);
const NOW = at('2026-05-04T10:00:00Z');
const DAY = 86_400_000;

const rules: EnrollmentRules = {
  memberId: 'm',
  campaignType: 'default',
  forSubscribers: false,
  now: NOW,
  delayMs: 60 * 60_000,
  after: at('2026-04-27T10:00:00Z'),
  restMs: 30 * DAY,
  ownPhones: new Set(['33611111111']),
  excluded: { userIds: new Set(['excluded']), phones: new Set(['33622222222']) },
  memberZone: 'Africa/Dakar',
  defaultZone: 'UTC',
  defaultLanguage: 'fr',
};
const filtered: EnrollmentRules = { ...rules, campaignType: 'filtered' };
const somebody: Candidate = {
  referralUserId: 'r',
  createdAt: at('2026-05-04T08:00:00Z'),
  unpaid: true,
  phoneNumber: '33612000001',
  phone: { phone: '33612000001', country: 'FR' },
  country: 'FR',
  languages: [],
};
const unheardOf: CandidateFacts = { people: [], sequences: [], isMemberNumber: false };
const person = (facts: Partial<PersonDoc>): CandidateFacts => ({
  ...unheardOf,
  people: [{ _id: 'u:r', updatedAt: NOW, ...facts }],
});
const ended = (reason: 'completed_7_days' | 'replied' | 'opted_out' | 'paid', daysAgo: number) => ({
  ...unheardOf,
  sequences: [
    {
      status: 'ended' as const,
      _id: 'e',
      exitReason: reason,
      exitedAt: new Date(NOW.getTime() - daysAgo * DAY),
    },
  ],
});
const running: CandidateFacts = {
  ...unheardOf,
  sequences: [{ _id: 'e', status: 'active', exitReason: null, exitedAt: null }],
};

const judge = (
  given: {
    candidate?: Partial<Candidate>;
    facts?: CandidateFacts;
    rules?: EnrollmentRules;
    room?: number;
  } = {},
) =>
  eligibility(
    { ...somebody, ...given.candidate },
    { rules: given.rules ?? rules, facts: given.facts ?? unheardOf, room: given.room ?? 1 },
  );
const verdict = (...given: Parameters<typeof judge>): NotEligible | 'ok' => {
  const found = judge(...given);
  return found.ok ? 'ok' : found.reason;
};

describe('who is enrolled', () => {
  it('somebody old enough, unpaid, with a phone, whom nobody has written to', () => {
    expect(judge()).toEqual({
      ok: true,
      phone: '33612000001',
      country: 'FR',
      language: 'fr',
      zone: 'Europe/Paris',
    });
  });

  it.each<[string, Partial<Candidate>, NotEligible | 'ok']>([
    ['exactly an hour old', { createdAt: at('2026-05-04T09:00:00Z') }, 'ok'],
    ['a moment younger', { createdAt: at('2026-05-04T09:00:00.001Z') }, 'too_young'],
    ['from the future', { createdAt: at('2027-01-01T00:00:00Z') }, 'too_young'],
    ['backlog flood: from before what is taken', { createdAt: at('2026-04-27T10:00:00Z') }, 'before_backlog'],
    ['just within it', { createdAt: at('2026-04-27T10:00:00.001Z') }, 'ok'],
    ['without a date', { createdAt: null }, 'no_date'],
    ['paid', { unpaid: false }, 'not_unpaid'],
    ['missing phone', { phoneNumber: null, phone: null }, 'no_phone'],
    ['a phone that is none', { phoneNumber: '12', phone: null }, 'bad_phone'],
    ['the member themselves', { referralUserId: 'm' }, 'own_number'],
    ['the member’s number', { phone: { phone: '33611111111', country: 'FR' } }, 'own_number'],
    ['excluded by user id', { referralUserId: 'excluded' }, 'excluded'],
    ['excluded by number', { phone: { phone: '33622222222', country: 'FR' } }, 'excluded'],
    ['missing user: not known to the platform any more', { languages: 'gone' }, 'user_gone'],
    ['of whom the platform does not answer', { languages: 'unknown' }, 'details_unknown'],
  ])('%s', (_who, candidate, expected) => {
    expect(verdict({ candidate })).toBe(expected);
  });

  it.each<[string, CandidateFacts, NotEligible]>([
    ['another member’s line', { ...unheardOf, isMemberNumber: true }, 'member_number'],
    ['opted out', person({ optedOutAt: NOW }), 'opted_out'],
    ['excluded by an admin', person({ suppressedAt: NOW }), 'excluded'],
    ['unreachable', person({ unreachableAt: NOW }), 'unreachable'],
    ['answered once', person({ repliedAt: NOW }), 'replied'],
    ['paid before being enrolled', person({ paidAt: NOW }), 'paid'],
    ['parallel sequences to one person', running, 'running_elsewhere'],
    ['endless re-enrollment', ended('completed_7_days', 400), 'already_followed_up'],
    [
      'endless re-enrollment, after the sequence was erased',
      person({ followedUp: [{ campaignId: 'c', endedAt: at('2020-01-01'), reason: 'completed_7_days' }] }),
      'already_followed_up',
    ],
  ])('not: %s', (_who, facts, expected) => {
    expect(verdict({ facts })).toBe(expected);
  });

  it('only as many as the campaign takes', () => {
    expect(verdict({ room: 0 })).toBe('target_limit');
  });

  it('what is cleared again bars nobody', () => {
    expect(verdict({ facts: person({ paidAt: null, optedOutAt: null }) })).toBe('ok');
  });
});

describe('a filtered campaign', () => {
  it('takes somebody again after a rest', () => {
    expect(verdict({ rules: filtered, facts: ended('completed_7_days', 31) })).toBe('ok');
    expect(verdict({ rules: filtered, facts: ended('completed_7_days', 29) })).toBe('resting');
  });

  it('but nobody who has answered or opted out, however long ago', () => {
    expect(verdict({ rules: filtered, facts: ended('replied', 400) })).toBe('replied');
    expect(verdict({ rules: filtered, facts: ended('opted_out', 400) })).toBe('opted_out');
    expect(verdict({ rules: filtered, facts: running })).toBe('running_elsewhere');
  });

  it('for subscribers takes those who have paid; any other does not', () => {
    const facts = person({ paidAt: NOW });
    expect(verdict({ rules: { ...filtered, forSubscribers: true }, facts })).toBe('ok');
    expect(verdict({ rules: { ...filtered, forSubscribers: true }, candidate: { unpaid: false } })).toBe(
      'ok',
    );
    expect(verdict({ rules: filtered, facts })).toBe('paid');
  });
});

describe('language and zone', () => {
  it.each<[string, Partial<Candidate>, string, string]>([
    ['said by the platform', { languages: ['pt-BR', 'en'] }, 'pt', 'Europe/Paris'],
    ['nonsense is passed over', { languages: ['', '??', 'EN'] }, 'en', 'Europe/Paris'],
    ['by country', { phone: { phone: '34600000105', country: 'ES' }, country: 'ES' }, 'es', 'Europe/Madrid'],
    [
      'by the phone’s country where the platform names none',
      { phone: { phone: '447400123103', country: 'GB' }, country: null },
      'en',
      'Europe/London',
    ],
    [
      'several zones: the capital’s',
      { phone: { phone: '12025550104', country: 'US' }, country: 'US' },
      'en',
      'America/New_York',
    ],
    [
      'a number of no country: the member’s zone, the default language',
      { phone: { phone: '88216000000', country: null }, country: null },
      'fr',
      'Africa/Dakar',
    ],
  ])('%s', (_how, candidate, language, zone) => {
    expect(judge({ candidate })).toMatchObject({ ok: true, language, zone });
  });

  it('without a zone of the member, the default', () => {
    const candidate = { phone: { phone: '88216000000', country: null }, country: null };
    expect(judge({ candidate, rules: { ...rules, memberZone: null } })).toMatchObject({ zone: 'UTC' });
  });
});

it('whoever opted out, is unreachable or in a running sequence is never enrolled, whatever else holds', () => {
  const bars = fc.constantFrom<CandidateFacts>(
    person({ optedOutAt: NOW }),
    person({ suppressedAt: NOW }),
    person({ unreachableAt: NOW }),
    running,
  );
  fc.assert(
    fc.property(
      bars,
      fc.constantFrom<'default' | 'filtered'>('default', 'filtered'),
      fc.boolean(),
      fc.date({ min: at('2026-01-01'), max: at('2027-01-01'), noInvalidDate: true }),
      fc.array(fc.string(), { maxLength: 3 }),
      (facts, campaignType, forSubscribers, createdAt, languages) => {
        const found = judge({
          candidate: { createdAt, languages },
          facts,
          rules: { ...rules, campaignType, forSubscribers },
          room: 100,
        });
        expect(found.ok).toBe(false);
      },
    ),
  );
});
