import type { Language } from './language.ts';

/** A text by key; `{name}` in it is filled in. `t('sent', { count: 3 })`. */
export type Translate<Key extends string> = (key: Key, values?: Record<string, string | number>) => string;

/** Only the language that is shown is fetched. */
export type TextFiles<Key extends string> = Record<Language, () => Promise<{ texts: Record<Key, string> }>>;

export const fill = (text: string, values: Record<string, string | number> = {}): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

export const translator =
  <Key extends string>(texts: Record<Key, string>): Translate<Key> =>
  (key, values) =>
    fill(texts[key], values);
