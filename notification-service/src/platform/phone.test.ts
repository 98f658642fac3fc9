import { getAllCountries } from 'countries-and-timezones';
import { describe, expect, it } from 'vitest';
import { languageOf, parsePhone, zoneOf } from './phone.ts';

describe('parsePhone', () => {
  it.each([
    ['+33 6 12 34 56 78', undefined, '33612345678', 'FR'],
    ['0033612345678', undefined, '33612345678', 'FR'],
    ['33612345678', undefined, '33612345678', 'FR'],
    ['33612345678', 'FR', '33612345678', 'FR'],
    ['33612345678', 'DE', '33612345678', 'FR'],
    ['06 12 34 56 78', 'fr', '33612345678', 'FR'],
    ['(212) 736-5000', 'US', '12127365000', 'US'],
    ['1 (212) 736 5000', undefined, '12127365000', 'US'],
    ['+1-604-681-1234', undefined, '16046811234', 'CA'],
    ['٠', undefined, null, null],
    ['237670000000', undefined, '237670000000', 'CM'],
    ['+8613800138000', undefined, '8613800138000', 'CN'],
    ['+870773111632', undefined, '870773111632', null],
  ] as const)('%s (%s) is %s', (text, country, phone, found) => {
    expect(parsePhone(text, country)).toEqual(phone === null ? null : { phone, country: found });
  });

  it.each([
    '',
    ' ',
    '123',
    '0612345678',
    '+999123456',
    'call 33612345678',
    '33612345678;ext=1',
    '+',
    '9'.repeat(60),
    '+33 6 12 34 56',
    "1' OR '1'='1",
  ])('refuses %j', text => {
    expect(parsePhone(text)).toBeNull();
  });

  it('does not mind a country nobody knows', () => {
    expect(parsePhone('33612345678', 'XX')?.phone).toBe('33612345678');
    expect(parsePhone('0612345678', 'constructor')).toBeNull();
    expect(parsePhone('33612345678', null)?.country).toBe('FR');
  });
});

describe('zoneOf', () => {
  it.each([
    ['FR', 'Europe/Paris'],
    ['us', 'America/New_York'],
    ['AU', 'Australia/Sydney'],
    ['BR', 'America/Sao_Paulo'],
    ['CD', 'Africa/Kinshasa'],
    ['IN', 'Asia/Kolkata'],
    ['NP', 'Asia/Kathmandu'],
    ['MX', 'America/Mexico_City'],
  ])('%s is %s', (country, zone) => {
    expect(zoneOf(country)).toBe(zone);
  });

  it('knows the capital’s zone wherever there are several, and a zone for every country', () => {
    for (const [code, { timezones }] of Object.entries(getAllCountries())) {
      const zone = zoneOf(code);
      expect([code, zone === null]).toEqual([code, timezones.length === 0]);
    }
    const several = Object.entries(getAllCountries()).filter(([, { timezones }]) => timezones.length > 1);
    const byAccident = several
      .filter(([code, { timezones }]) => zoneOf(code) === timezones[0])
      .map(([code]) => code);
    expect(byAccident.filter(code => !KNOWN_FIRST.includes(code))).toEqual([]);
  });

  it('is null for what is no country', () => {
    expect([zoneOf('XX'), zoneOf(''), zoneOf(null), zoneOf(undefined), zoneOf('constructor')]).toEqual(
      Array.from({ length: 5 }, () => null),
    );
  });
});

/** Countries whose capital's zone happens to be the first of the list; looked at one by one. */
const KNOWN_FIRST = ['AR', 'CN', 'DE', 'EC', 'ID', 'KZ', 'NZ', 'TF', 'UA', 'VN'];

describe('languageOf', () => {
  it.each([
    ['FR', 'fr'],
    ['US', 'en'],
    ['CM', 'fr'],
    ['ML', 'fr'],
    ['BR', 'pt'],
    ['AO', 'pt'],
    ['MA', 'ar'],
    ['MX', 'es'],
    ['DE', 'de'],
    ['NG', 'en'],
    ['PH', 'en'],
    ['XX', null],
    [null, null],
  ])('%s is %s', (country, language) => {
    expect(languageOf(country)).toBe(language);
  });
});
