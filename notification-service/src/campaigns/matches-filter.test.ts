import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesFilter, readFilterDate } from './matches-filter.ts';
import type { FilterSubject } from './matches-filter.ts';
import type { TargetFilter } from './campaign-model.ts';

const person: FilterSubject = {
  country: 'FR',
  registeredAt: new Date('2025-02-28T12:00:00Z'),
  activeSubscriptionTypes: [],
  hasUnpaidReferrals: true,
  isCurrentTarget: false,
  gender: 'female',
  profession: 'Teacher',
  age: 30,
};
const nobody: FilterSubject = {
  country: null,
  registeredAt: null,
  activeSubscriptionTypes: [],
  hasUnpaidReferrals: null,
  isCurrentTarget: false,
  gender: null,
  profession: null,
  age: null,
};

describe('matchesFilter', () => {
  it.each<[TargetFilter, boolean]>([
    [{}, true],
    [{ countries: [] }, true],
    [{ countries: ['SN', 'fr'] }, true],
    [{ countries: ['SN'] }, false],
    [{ registrationDateFrom: '2025-02-28T12:00:00.000Z' }, true],
    [{ registrationDateFrom: '2025-02-28T12:00:00.001Z' }, false],
    [{ registrationDateTo: '2025-02-31T12:00:00.000Z' }, true],
    [{ registrationDateTo: '2025-02-27T23:59:59.999Z' }, false],
    [{ subscriptionStatus: 'all' }, true],
    [{ subscriptionStatus: 'non-subscribed' }, true],
    [{ subscriptionStatus: 'subscribed' }, false],
    [{ hasUnpaidReferrals: true }, true],
    [{ hasUnpaidReferrals: false }, true],
    [{ excludeCurrentTargets: true }, true],
    [{ gender: 'all' }, true],
    [{ gender: 'Female' }, true],
    [{ gender: 'male' }, false],
    [{ professions: ['teacher'] }, true],
    [{ professions: ['nurse'] }, false],
    [{ minAge: 30, maxAge: 30 }, true],
    [{ minAge: 31 }, false],
    [{ maxAge: 29 }, false],
  ])('%j → %s', (filter, expected) => {
    expect(matchesFilter(person, filter)).toBe(expected);
  });

  it.each<TargetFilter>([
    { countries: ['FR'] },
    { registrationDateFrom: '2000-01-01' },
    { registrationDateTo: '2100-01-01' },
    { hasUnpaidReferrals: true },
    { gender: 'male' },
    { professions: ['x'] },
    { minAge: 0 },
    { maxAge: 200 },
  ])('what is asked and not known does not match: %j', filter => {
    expect(matchesFilter(nobody, filter)).toBe(false);
  });

  it('a current target is left out where the filter says so; a subscriber is found', () => {
    expect(matchesFilter({ ...person, isCurrentTarget: true }, { excludeCurrentTargets: true })).toBe(false);
    expect(
      matchesFilter({ ...person, activeSubscriptionTypes: ['X'] }, { subscriptionStatus: 'subscribed' }),
    ).toBe(true);
  });
});

describe('readFilterDate', () => {
  it('a day beyond the month is its last day', () => {
    expect(readFilterDate('2025-02-31T23:59:59.999Z')).toEqual(new Date('2025-02-28T23:59:59.999Z'));
    expect(readFilterDate('2024-02-30')).toEqual(new Date('2024-02-29T00:00:00Z'));
    expect(readFilterDate('2025-04-31T00:00:00Z')).toEqual(new Date('2025-04-30T00:00:00Z'));
  });

  it('never throws, and reads what Date writes', () => {
    fc.assert(fc.property(fc.string(), text => void readFilterDate(text)));
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        date => {
          expect(readFilterDate(date.toISOString())).toEqual(date);
        },
      ),
    );
    expect(readFilterDate('2025-13-01')).toBeNull();
    expect(readFilterDate(undefined)).toBeNull();
  });
});
