/** What the embedded default and the demo show: seven messages in five languages, and people in many countries. */
import { demoMessages } from './messages/index.ts';

/** Day 1 to 7. */
export const SAMPLE_MESSAGES = demoMessages();

export const SAMPLE_MEMBER = {
  userId: 'demo-member',
  name: 'Awa Diallo',
  email: 'awa@example.org',
  phone: '33612000001',
} as const;

export const SAMPLE_ADMIN = { userId: 'demo-admin', name: 'Demo Admin', email: 'admin@example.org' } as const;

/** People of the simulated network only. */
export const SAMPLE_REFERRALS = [
  { id: 'demo-louis', name: 'Louis Martin', phone: '33612000101', country: 'FR', language: 'fr' },
  { id: 'demo-fatou', name: 'Fatou Ndiaye', phone: '221770000102', country: 'SN', language: 'fr' },
  { id: 'demo-emma', name: 'Emma Clarke', phone: '447400123103', country: 'GB', language: 'en' },
  { id: 'demo-john', name: 'John Miller', phone: '12025550104', country: 'US', language: 'en' },
  { id: 'demo-lucia', name: 'Lucía Romero', phone: '34600000105', country: 'ES', language: 'es' },
  { id: 'demo-diego', name: 'Diego Torres', phone: '525512340106', country: 'MX', language: 'es' },
  { id: 'demo-ines', name: 'Inês Carvalho', phone: '351910000107', country: 'PT', language: 'pt' },
  { id: 'demo-youssef', name: 'Youssef Alami', phone: '212600000108', country: 'MA', language: 'ar' },
  { id: 'demo-asha', name: 'Asha Gurung', phone: '9779800000109', country: 'NP', language: 'en' },
  { id: 'demo-nobody', name: 'Number Unknown', phone: '33612000110', country: 'FR', language: 'fr' },
] as const;

/** This one is not on WhatsApp: its enrollment ends with a reason. */
export const SAMPLE_UNREGISTERED = 'demo-nobody';
