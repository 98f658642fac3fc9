import { createSection } from '../shared/section.tsx';
import type { MemberKey } from './texts/member.en.ts';

/** The texts of what members see once they are connected. */
export const { start, useTexts } = createSection<MemberKey>({
  en: () => import('./texts/member.en.ts'),
  fr: () => import('./texts/member.fr.ts'),
  es: () => import('./texts/member.es.ts'),
  pt: () => import('./texts/member.pt.ts'),
  ar: () => import('./texts/member.ar.ts'),
});

type Say = ReturnType<typeof useTexts>;

/** The sentence for a code of the service; a code that came later than this page is shown as it is. */
const sentenceOf =
  (kind: 'why' | 'exit' | 'event' | 'reason') =>
  (code: string | null, t: Say): string =>
    code === null ? '' : (t.maybe(`${kind}_${code}`) ?? code);
export const whyText = sentenceOf('why');
export const exitText = sentenceOf('exit');
export const eventText = sentenceOf('event');
export const reasonText = sentenceOf('reason');
