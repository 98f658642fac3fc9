import type { ExitReason, Why, WhyCode } from '../enrollments/index.ts';

/** Plain words for people, in the languages the insight pages speak. */
export const SENTENCE_LANGUAGES = ['en', 'fr'] as const;
export type SentenceLanguage = (typeof SENTENCE_LANGUAGES)[number];

/** `sending` is not a reason to wait: it is under way. */
export type ShownWhyCode = WhyCode | 'sending';

type Sentences = Record<ShownWhyCode, string>;

const WHY: Record<SentenceLanguage, Sentences> = {
  en: {
    not_due: 'The next message is not due yet.',
    outside_window: 'It is outside the hours in which messages are sent to this person.',
    channel_paused: 'Sending is paused.',
    campaign_paused: 'The campaign is paused.',
    emergency_stop: 'Sending is stopped for the whole platform.',
    payment_unknown: 'We do not know at the moment whether this person has paid, so nothing is sent.',
    subscription_unknown_or_ended: 'The member’s subscription has ended or could not be confirmed.',
    daily_cap: 'The most messages for 24 hours have been sent.',
    hourly_cap: 'The most messages for one hour have been sent.',
    campaign_cap: 'The most messages of this campaign for today have been sent.',
    warm_up: 'The number is being warmed up: only a few new people are written to each day.',
    first_contacts_paused: 'New people are not written to for now, to protect the number.',
    channel_resting: 'The number rests for a while, to protect it.',
    waiting_for_turn: 'It is due and waits for its turn: messages go out one after the other.',
    channel_disconnected: 'WhatsApp is not connected.',
    retry_later: 'The last try did not go out. It is tried again.',
    held: 'The sequence with this person is paused.',
    unknown_open: 'We do not know whether the last message went out. WhatsApp is being asked.',
    sending: 'The message is being sent.',
  },
  fr: {
    not_due: 'Le prochain message n’est pas encore prévu.',
    outside_window: 'Nous sommes hors des heures d’envoi pour cette personne.',
    channel_paused: 'L’envoi est en pause.',
    campaign_paused: 'La campagne est en pause.',
    emergency_stop: 'L’envoi est arrêté pour toute la plateforme.',
    payment_unknown: 'Nous ne savons pas pour le moment si cette personne a payé : rien n’est envoyé.',
    subscription_unknown_or_ended: 'L’abonnement du membre est terminé ou n’a pas pu être confirmé.',
    daily_cap: 'Le maximum de messages sur 24 heures est atteint.',
    hourly_cap: 'Le maximum de messages sur une heure est atteint.',
    campaign_cap: 'Le maximum de messages de cette campagne pour aujourd’hui est atteint.',
    warm_up: 'Le numéro est en période de chauffe : peu de nouvelles personnes sont contactées chaque jour.',
    first_contacts_paused:
      'Aucune nouvelle personne n’est contactée pour l’instant, afin de protéger le numéro.',
    channel_resting: 'Le numéro se repose un moment, pour le protéger.',
    waiting_for_turn: 'Le message est prêt et attend son tour : les messages partent l’un après l’autre.',
    channel_disconnected: 'WhatsApp n’est pas connecté.',
    retry_later: 'Le dernier essai n’est pas parti. Un nouvel essai est prévu.',
    held: 'La séquence avec cette personne est en pause.',
    unknown_open: 'Nous ne savons pas si le dernier message est parti. Nous interrogeons WhatsApp.',
    sending: 'Le message est en cours d’envoi.',
  },
};

const NEXT: Record<SentenceLanguage, (time: string) => string> = {
  en: time => `Next try: ${time}.`,
  fr: time => `Prochain essai : ${time}.`,
};

export interface SaidWhy {
  code: ShownWhyCode;
  /** Words of an admin, where the reason has some (the emergency stop). */
  detail: string | null;
  nextAt: Date | null;
}

/** Why a message was not sent, and when it is tried next on the clock of `zone`: plain sentences. Pure. */
export function whySentence(why: SaidWhy, language: SentenceLanguage, zone: string): string {
  const said = [WHY[language][why.code]];
  if (why.code === 'emergency_stop' && why.detail !== null) said.push(ended(why.detail));
  if (why.nextAt) said.push(NEXT[language](timeOf(why.nextAt, language, zone)));
  return said.join(' ');
}

const ended = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

export const asSaid = ({ code, detail, nextAt }: Why): SaidWhy => ({ code, detail, nextAt });

/** `Tuesday 11 March, 10:05 (Europe/Paris)` */
const timeOf = (at: Date, language: SentenceLanguage, zone: string): string =>
  `${formatOf(language, zone).format(at)} (${zone})`;

/** Making a format takes longer than using it. */
const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(language: SentenceLanguage, zone: string): Intl.DateTimeFormat {
  const key = `${language} ${zone}`;
  const format =
    formats.get(key) ??
    new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'fr-FR', {
      ...{
        weekday: 'long',
        day: 'numeric',
        month: 'long',
        hour: '2-digit',
        minute: '2-digit',
        timeZone: zone,
      },
    });
  if (formats.size < 2_000) formats.set(key, format);
  return format;
}

const EXITS: Record<SentenceLanguage, Record<ExitReason, string>> = {
  en: {
    paid: 'The person has paid. Nothing more is sent.',
    replied: 'The person has answered. It is your turn to talk to them.',
    opted_out: 'The person does not want any more messages. They are never written to again.',
    completed_7_days: 'The seven days are over.',
    manual: 'The sequence was ended by hand.',
    subscription_expired: 'The member’s subscription has expired.',
    invalid_number: 'The phone number is missing or not on WhatsApp.',
    unreachable: 'The person cannot be reached on WhatsApp.',
    stale: 'The messages were too many days late, so the sequence was ended.',
  },
  fr: {
    paid: 'La personne a payé. Plus rien n’est envoyé.',
    replied: 'La personne a répondu. À vous de lui parler.',
    opted_out: 'La personne ne veut plus de messages. Elle ne sera plus jamais contactée.',
    completed_7_days: 'Les sept jours sont terminés.',
    manual: 'La séquence a été arrêtée à la main.',
    subscription_expired: 'L’abonnement du membre a expiré.',
    invalid_number: 'Le numéro de téléphone manque ou n’est pas sur WhatsApp.',
    unreachable: 'La personne n’est pas joignable sur WhatsApp.',
    stale: 'Les messages avaient trop de jours de retard : la séquence a été arrêtée.',
  },
};

export const exitSentence = (reason: ExitReason, language: SentenceLanguage): string =>
  EXITS[language][reason];

/** The first language of an `Accept-Language` header that we speak. */
export function languageFrom(header: string | undefined): SentenceLanguage {
  const asked = (header ?? '').split(',').map(part => part.trim().slice(0, 2).toLowerCase());
  return SENTENCE_LANGUAGES.find(known => known === asked.find(isSpoken)) ?? 'en';
}

const isSpoken = (language: string): boolean => (SENTENCE_LANGUAGES as readonly string[]).includes(language);
