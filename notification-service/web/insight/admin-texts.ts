import { createSection } from '../shared/section.tsx';
import type { AdminKey } from './texts/admin.en.ts';

/** The texts of what admins see. */
export const { start, useTexts } = createSection<AdminKey>({
  en: () => import('./texts/admin.en.ts'),
  fr: () => import('./texts/admin.fr.ts'),
  es: () => import('./texts/admin.es.ts'),
  pt: () => import('./texts/admin.pt.ts'),
  ar: () => import('./texts/admin.ar.ts'),
});
