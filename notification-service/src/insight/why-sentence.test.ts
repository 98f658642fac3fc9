import { describe, expect, it } from 'vitest';
import { EXIT_REASONS } from '../enrollments/index.ts';
import { rowSentence } from './row-sentence.ts';
import type { ShownWhyCode } from './why-sentence.ts';
import { exitSentence, languageFrom, SENTENCE_LANGUAGES, whySentence } from './why-sentence.ts';

const CODES: Record<ShownWhyCode, true> = {
  not_due: true,
  outside_window: true,
  channel_paused: true,
  campaign_paused: true,
  emergency_stop: true,
  payment_unknown: true,
  subscription_unknown_or_ended: true,
  daily_cap: true,
  hourly_cap: true,
  campaign_cap: true,
  warm_up: true,
  first_contacts_paused: true,
  channel_resting: true,
  waiting_for_turn: true,
  channel_disconnected: true,
  retry_later: true,
  held: true,
  unknown_open: true,
  sending: true,
};
const codes = Object.keys(CODES) as ShownWhyCode[];
const at = new Date('2025-03-30T00:30:00Z');

describe.each(SENTENCE_LANGUAGES)('in %s', language => {
  it('every reason is a sentence of its own, without machine words', () => {
    const said = codes.map(code =>
      whySentence({ code, detail: null, nextAt: null }, language, 'Europe/Paris'),
    );
    expect(new Set(said).size).toBe(codes.length);
    for (const sentence of said) {
      expect(sentence).toMatch(/^[A-ZÀ-Ý].+\.$/);
      expect(sentence).not.toMatch(/_|undefined|null/);
    }
  });

  it('every end and every row is a sentence', () => {
    for (const reason of EXIT_REASONS) expect(exitSentence(reason, language)).toMatch(/^[A-ZÀ-Ý].+\.$/);
    for (const outcome of ['sent', 'skipped', 'unknown'] as const) {
      for (const reason of [null, 'no_message', 'something_new']) {
        expect(rowSentence({ outcome, reason }, language)).toMatch(/^[A-ZÀ-Ý].+\.$/);
      }
    }
  });
});

it('says the next time on the clock of the person, across the change of clocks', () => {
  const why = { code: 'not_due', detail: null, nextAt: at } as const;
  expect(whySentence(why, 'en', 'Europe/Paris')).toMatch(
    /Next try: Sunday,? 30 March at 01:30 \(Europe\/Paris\)\.$/,
  );
  const later = { ...why, nextAt: new Date('2025-03-30T01:30:00Z') };
  expect(whySentence(later, 'fr', 'Europe/Paris')).toMatch(/dimanche 30 mars à 03:30 \(Europe\/Paris\)\.$/);
});

it.each([
  ['fr-FR,fr;q=0.9', 'fr'],
  ['de-DE, fr;q=0.5', 'fr'],
  ['en-GB', 'en'],
  ['ja', 'en'],
  ['', 'en'],
  [undefined, 'en'],
])('Accept-Language %s is answered in %s', (header, language) => {
  expect(languageFrom(header)).toBe(language);
});
