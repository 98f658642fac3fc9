import { languageChain } from './languages.ts';

/**
 * All that a template may name; validation, preview and rendering share this list. Contact data (e-mail, phone) is left
 * out on purpose: nobody is written their own address from a friend's number.
 */
export const VARIABLES = {
  name: 'Full name of the person written to.',
  firstName: 'Their first name.',
  referrerName: 'The member who writes.',
  day: 'The day of the sequence, 1 to 7.',
  country: 'Their country as ISO code, for conditions: {% if country == "FR" %}.',
  countryName: 'Their country in words, in the message’s language.',
  gender: 'As the platform has it.',
  profession: 'As the platform has it.',
  age: 'In years.',
} as const;
export type VariableName = keyof typeof VARIABLES;
export const VARIABLE_NAMES = Object.keys(VARIABLES) as VariableName[];

/** What is known about the person written to. Attributes beyond the list of variables are not seen by templates. */
export interface WrittenTo {
  name: string | null;
  firstName: string | null;
  attributes: Readonly<Record<string, string | number | boolean>>;
}

export type VariableValues = Record<VariableName, string | number | null>;

/** The values of all variables; null where nothing is known. */
export function valuesOf(args: {
  referral: WrittenTo;
  referrerName: string | null;
  day: number;
  language: string;
}): VariableValues {
  const { referral, language } = args;
  const name = clean(referral.name) ?? clean(referral.firstName);
  const country = clean(attributeOf(referral, 'country'))?.toUpperCase() ?? null;
  return {
    name,
    firstName: clean(referral.firstName) ?? name?.split(' ')[0] ?? null,
    referrerName: clean(args.referrerName),
    day: args.day,
    country,
    countryName: country === null ? null : countryNameOf(country, language),
    gender: clean(attributeOf(referral, 'gender')),
    profession: clean(attributeOf(referral, 'profession')),
    age: numberOf(attributeOf(referral, 'age')),
  };
}

const attributeOf = ({ attributes }: WrittenTo, name: string): unknown =>
  Object.hasOwn(attributes, name) ? attributes[name] : null;

const numberOf = (value: unknown): number | string | null =>
  typeof value === 'number' ? value : clean(value);

const MAX_VALUE_LENGTH = 100;

/** One line without control or direction characters: a name must not be able to lay out the message. */
function clean(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = String(value)
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return text === '' ? null : Array.from(text).slice(0, MAX_VALUE_LENGTH).join('').trim();
}

function countryNameOf(country: string, language: string): string | null {
  if (!/^[A-Z]{2}$/.test(country)) return null;
  try {
    return new Intl.DisplayNames([language, 'en'], { type: 'region', fallback: 'none' }).of(country) ?? null;
  } catch {
    return null; // a language tag that Intl does not take
  }
}

/** What stands for a value that is not known, so that a sentence never has a gap. */
export function neutralWord(name: VariableName, language: string): string {
  for (const code of languageChain(language, language)) {
    const word = NEUTRAL[code]?.[name];
    if (word !== undefined) return word;
  }
  return GENERIC;
}

/** Reads as an address in every language we have no word for. */
const GENERIC = '🙂';

const NEUTRAL: Readonly<Record<string, Readonly<Partial<Record<VariableName, string>>>>> = {
  fr: words('toi', 'un ami', 'ton pays', 'ton genre', 'ton métier', 'ton âge'),
  en: words('friend', 'a friend', 'your country', 'your gender', 'your job', 'your age'),
  es: words('tú', 'un amigo', 'tu país', 'tu género', 'tu trabajo', 'tu edad'),
  pt: words('tu', 'um amigo', 'o teu país', 'o teu género', 'o teu trabalho', 'a tua idade'),
  'pt-br': words('você', 'um amigo', 'o seu país', 'o seu gênero', 'o seu trabalho', 'a sua idade'),
  ar: words('صديقي', 'صديق لك', 'بلدك', 'جنسك', 'عملك', 'عمرك'),
};

function words(
  name: string,
  referrerName: string,
  country: string,
  gender: string,
  profession: string,
  age: string,
): Partial<Record<VariableName, string>> {
  return { name, firstName: name, referrerName, country, countryName: country, gender, profession, age };
}
