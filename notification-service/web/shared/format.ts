import type { Language } from './language.ts';

/** `12 March, 10:05`, in this browser's zone. */
export function dateTime(at: string | null, language: Language): string {
  if (at === null) return '–';
  return new Intl.DateTimeFormat(language, {
    ...{ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  }).format(new Date(at));
}

/** `12 March 2026` */
export const date = (at: string | null, language: Language): string =>
  at === null ? '–' : new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(new Date(at));

export const number = (value: number, language: Language): string =>
  new Intl.NumberFormat(language).format(value);
