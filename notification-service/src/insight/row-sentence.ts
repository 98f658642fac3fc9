import type { Row } from '../enrollments/index.ts';
import type { SentenceLanguage } from './why-sentence.ts';

const SKIPS: Record<SentenceLanguage, Record<string, string>> = {
  en: {
    no_message: 'There was no active message for this day.',
    no_text: 'The message of this day had no text.',
    media_missing: 'An attachment of this message could not be loaded.',
    template_failed: 'The message of this day could not be put together.',
    rest_too_late: 'The rest of the day’s message came too late and was left out.',
    refused: 'WhatsApp refused the message several times.',
    not_on_whatsapp: 'This number is not on WhatsApp.',
    proved_absent: 'WhatsApp proves that the message did not go out, so it was left out.',
    settled_by_admin: 'An administrator settled by hand that it was not sent.',
    possibly_sent: 'It may have been sent: WhatsApp gave no proof. It is never sent again.',
  },
  fr: {
    no_message: 'Il n’y avait pas de message actif pour ce jour.',
    no_text: 'Le message de ce jour n’avait pas de texte.',
    media_missing: 'Une pièce jointe de ce message n’a pas pu être chargée.',
    template_failed: 'Le message de ce jour n’a pas pu être composé.',
    rest_too_late: 'La suite du message du jour arrivait trop tard et a été laissée de côté.',
    refused: 'WhatsApp a refusé le message plusieurs fois.',
    not_on_whatsapp: 'Ce numéro n’est pas sur WhatsApp.',
    proved_absent: 'WhatsApp prouve que le message n’est pas parti ; il a été laissé de côté.',
    settled_by_admin: 'Un administrateur a décidé à la main qu’il n’a pas été envoyé.',
    possibly_sent: 'Il est peut-être parti : WhatsApp n’a pas donné de preuve. Il ne sera jamais renvoyé.',
  },
};

const OTHER: Record<SentenceLanguage, Record<Row['outcome'], string>> = {
  en: {
    sent: 'The message was sent.',
    skipped: 'The message was left out.',
    unknown: 'We do not know whether the message was sent. It is never sent again.',
  },
  fr: {
    sent: 'Le message est parti.',
    skipped: 'Le message a été laissé de côté.',
    unknown: 'Nous ne savons pas si le message est parti. Il ne sera jamais renvoyé.',
  },
};

/** What became of one part, in a plain sentence; a reason without words of its own falls back to the outcome's. Pure. */
export function rowSentence(
  { outcome, reason }: Pick<Row, 'outcome' | 'reason'>,
  language: SentenceLanguage,
): string {
  const own = outcome === 'sent' || reason === null ? undefined : SKIPS[language][reason];
  return own ?? OTHER[language][outcome];
}
