import type { Language } from './language.ts';

/** A text by key; `{name}` in it is filled in. `t('sent', { count: 3 })`. */
export interface Translate<Key extends string> {
  (key: Key, values?: Record<string, string | number>): string;
  /** The text of a key that may be none of ours. */
  maybe(key: string): string | null;
}

/** Only the language that is shown is fetched. */
export type TextFiles<Key extends string> = Record<Language, () => Promise<{ texts: Record<Key, string> }>>;

const fill = (text: string, values: Record<string, string | number> = {}): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

export function translator<Key extends string>(texts: Record<Key, string>): Translate<Key> {
  const translate = (key: Key, values?: Record<string, string | number>): string => fill(texts[key], values);
  const byKey: Partial<Record<string, string>> = texts;
  return Object.assign(translate, { maybe: (key: string) => byKey[key] ?? null });
}
