import { createSection } from '../../shared/section.tsx';
import type { ConnectKey } from './connect.en.ts';

export const { start, useTexts } = createSection<ConnectKey>({
  en: () => import('./connect.en.ts'),
  fr: () => import('./connect.fr.ts'),
  es: () => import('./connect.es.ts'),
  pt: () => import('./connect.pt.ts'),
  ar: () => import('./connect.ar.ts'),
});
