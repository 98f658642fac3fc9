import { SAMPLE_MESSAGES } from '../../notification-service/src/welcome-samples.ts';

/** Who plays in the demo: people of the simulated network only. */
export interface Person {
  id: string;
  name: string;
  phone: string;
  country: string;
  language: 'fr' | 'en' | 'es';
  zone: string;
}

export const MEMBER = { userId: 'awa', name: 'Awa Diallo', email: 'awa@example.org', phone: '33612000001' };
export const ADMIN = { userId: 'admin', name: 'Admin', email: 'admin@example.org' };

export const DAYS = [1, 2, 3, 4, 5, 6, 7] as const;
/** Nobody wrote a message for this day: it is left out, and the sequence goes on. */
export const EMPTY_DAY = 5;

const PLACES = [
  { country: 'KE', language: 'en', zone: 'Africa/Nairobi', prefix: '25471234000' },
  { country: 'FR', language: 'fr', zone: 'Europe/Paris', prefix: '3361200010' },
  { country: 'SN', language: 'fr', zone: 'Africa/Dakar', prefix: '22177000000' },
  { country: 'MX', language: 'es', zone: 'America/Mexico_City', prefix: '52551234010' },
] as const;
const NAMES = {
  KE: ['Achieng', 'Baraka', 'Chebet', 'Dalmas', 'Eshe', 'Faraji', 'Gathoni', 'Hamisi', 'Imani', 'Juma'],
  FR: ['Alice', 'Bruno', 'Chloé', 'Denis', 'Élise', 'Fabien', 'Gaëlle', 'Hugo', 'Inès', 'Jules'],
  SN: ['Aminata', 'Babacar', 'Coumba', 'Demba', 'Émile', 'Fatou', 'Gora', 'Hawa', 'Ibou', 'Khady'],
  MX: ['Ana', 'Beto', 'Carla', 'Diego', 'Elena', 'Felipe', 'Gloria', 'Hilario', 'Irene', 'Jorge'],
} as const;

/** Ten in each of four time zones. */
export const PEOPLE: readonly Person[] = PLACES.flatMap(({ country, language, zone, prefix }) =>
  NAMES[country].map((name, index) => ({
    id: `${country.toLowerCase()}-${index}`,
    name,
    phone: `${prefix}${index}`,
    ...{ country, language, zone },
  })),
);

const named = (name: string): Person => {
  const person = PEOPLE.find(one => one.name === name);
  if (!person) throw new Error(`Nobody is called ${name}.`);
  return person;
};
export const UNREGISTERED = named('Jorge');

/** What happens to whom, once the message of a day has reached them. */
export const EVENTS = [
  { person: named('Aminata'), afterDay: 2, kind: 'replied', text: 'Merci, appelle-moi ce soir !' },
  { person: named('Bruno'), afterDay: 3, kind: 'paid', text: '' },
  { person: named('Baraka'), afterDay: 4, kind: 'opted_out', text: 'STOP' },
] as const satisfies readonly { person: Person; afterDay: number; kind: string; text: string }[];

/** The texts begin with their day, so that the network's log alone tells which day arrived. */
export const messageOf = (day: number): Record<string, string> => {
  const texts = SAMPLE_MESSAGES[day - 1]?.messageTemplate ?? { fr: '', en: '', es: '' };
  return Object.fromEntries((['fr', 'en', 'es'] as const).map(code => [code, `${day}/7 · ${texts[code]}`]));
};

/** The day of a follow-up, or null for any other text. */
export const dayOf = (text: string): number | null => {
  const day = /^([1-7])\/7 · /.exec(text)?.[1];
  return day === undefined ? null : Number(day);
};
