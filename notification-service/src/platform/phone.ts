import { getCountry, getTimezone } from 'countries-and-timezones';
import parsePhoneNumber, {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
} from 'libphonenumber-js/max';

export interface ParsedPhone {
  /** Digits with country code, no `+`. */
  phone: string;
  /** ISO 3166 code, or null where the number belongs to no country (satellite phones). */
  country: string | null;
}

/**
 * Reads a phone number as people and systems write it: `+33 6 12 34 56 78`, `0033…`, `33612345678`. Null when it is
 * not a valid number. Digits that are valid with a country code are taken so, since that is how other systems send them;
 * with `defaultCountry` a national form (`06 12…`) is understood where they are not.
 */
export function parsePhone(text: string, defaultCountry?: string | null): ParsedPhone | null {
  const trimmed = text.normalize('NFKC').trim();
  if (trimmed.length > 40 || !/^[+(\d][\d\s().\-/\u00a0\u2010-\u2015]*$/.test(trimmed)) return null;
  const digits = trimmed.replace(/\D/g, '');
  if (trimmed.startsWith('+')) return valid(`+${digits}`);
  if (digits.startsWith('00')) return valid(`+${digits.slice(2)}`);
  const international = valid(`+${digits}`);
  const country = defaultCountry?.toUpperCase();
  return (
    international ?? (country !== undefined && isSupportedCountry(country) ? valid(digits, country) : null)
  );
}

function valid(text: string, country?: CountryCode): ParsedPhone | null {
  const parsed = parsePhoneNumber(text, country);
  if (!parsed?.isValid()) return null;
  return { phone: parsed.number.slice(1), country: parsed.country ?? null };
}

/** As people read it: `+33 6 12 34 56 78`. Takes digits with country code. */
export const readablePhone = (phone: string): string =>
  parsePhoneNumber(`+${phone}`)?.formatInternational() ?? `+${phone}`;

/** The country (ISO 3166) a zone lies in, or null where it names none, such as `UTC`. */
export const countryOfZone = (zone: string): string | null => getTimezone(zone)?.countries[0] ?? null;

/** `33` for `FR`; null for a country without telephones of its own. */
export const callingCodeOf = (country: string): string | null =>
  isSupportedCountry(country) ? getCountryCallingCode(country) : null;

/** The IANA zone of a country (several zones: its capital's), or null when the country is not known. */
export function zoneOf(country: string | null | undefined): string | null {
  const code = country?.toUpperCase() ?? '';
  const zone = CAPITAL_ZONES[code] ?? getCountry(code)?.timezones[0];
  return zone !== undefined && isZone(zone) ? zone : null;
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Countries with more than one zone. */
const CAPITAL_ZONES: Readonly<Record<string, string>> = {
  AQ: 'Antarctica/McMurdo',
  AR: 'America/Argentina/Buenos_Aires',
  AU: 'Australia/Sydney',
  BR: 'America/Sao_Paulo',
  CA: 'America/Toronto',
  CD: 'Africa/Kinshasa',
  CL: 'America/Santiago',
  CN: 'Asia/Shanghai',
  CY: 'Asia/Nicosia',
  DE: 'Europe/Berlin',
  EC: 'America/Guayaquil',
  ES: 'Europe/Madrid',
  FM: 'Pacific/Pohnpei',
  FR: 'Europe/Paris',
  GB: 'Europe/London',
  GL: 'America/Nuuk',
  ID: 'Asia/Jakarta',
  KI: 'Pacific/Tarawa',
  KZ: 'Asia/Almaty',
  MH: 'Pacific/Majuro',
  MN: 'Asia/Ulaanbaatar',
  MX: 'America/Mexico_City',
  MY: 'Asia/Kuala_Lumpur',
  NZ: 'Pacific/Auckland',
  PF: 'Pacific/Tahiti',
  PG: 'Pacific/Port_Moresby',
  PS: 'Asia/Hebron',
  PT: 'Europe/Lisbon',
  RU: 'Europe/Moscow',
  UA: 'Europe/Kyiv',
  UM: 'Pacific/Wake',
  US: 'America/New_York',
  UZ: 'Asia/Tashkent',
  VN: 'Asia/Bangkok', // Hanoi
};

/** The language most people of a country read (ISO 639-1), or null when the country is not known. */
export function languageOf(country: string | null | undefined): string | null {
  const code = country?.toUpperCase() ?? '';
  if (!getCountry(code)) return null;
  const language = WRITTEN_LANGUAGES[code] ?? new Intl.Locale(`und-${code}`).maximize().language;
  return language.length === 2 ? language : 'en';
}

/** Where messages are written in another language than the one most people speak at home. */
const WRITTEN_LANGUAGES: Readonly<Record<string, string>> = {
  ...writtenIn('fr', 'BE BF BI BJ CD CF CG CI CM DJ GA GN HT KM LU MG ML NE SN TD TG'),
  ...writtenIn('pt', 'AO MZ GW CV ST TL'),
  ...writtenIn('es', 'PY GQ'),
};

function writtenIn(language: string, countries: string): Record<string, string> {
  return Object.fromEntries(countries.split(' ').map(country => [country, language]));
}
