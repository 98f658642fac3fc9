import { foldText } from './fold-text.ts';

/**
 * What ends everything when it is the whole message. One list for all: people write STOP in every language, whatever
 * ours of them is.
 */
const WHOLE_MESSAGES = {
  en: ['stop', 'stop all', 'stopall', 'unsubscribe', 'unsubscribe me', 'opt out', 'optout', 'stop messages'],
  fr: [
    ...['arrêt', 'arrête', 'arrêtez', 'arrêter', 'désabonner', 'me désabonner', 'désabonnez-moi'],
    ...['désabonne-moi', 'désabonnement', 'désinscrire', 'me désinscrire', 'désinscription'],
  ],
  es: [
    'baja',
    'darme de baja',
    'dar de baja',
    'dame de baja',
    'parar',
    'cancelar suscripción',
    'desuscribir',
  ],
  pt: ['parar', 'pare', 'sair', 'descadastrar', 'cancelar inscrição', 'cancelar subscrição', 'desinscrever'],
  ar: ['إلغاء', 'توقف', 'إيقاف', 'أوقف', 'قف', 'إلغاء الاشتراك', 'الغ الاشتراك', 'ستوب'],
  de: ['stopp', 'abmelden', 'abbestellen', 'austragen'],
  it: ['disiscrivimi', 'disiscriviti', 'cancella iscrizione', 'annulla iscrizione', 'fermati'],
  nl: ['afmelden', 'uitschrijven'],
  sv: ['avregistrera', 'avsluta prenumeration'],
  pl: ['wypisz', 'rezygnuję'],
  tr: ['abonelikten çık', 'aboneliği iptal et', 'durdur'],
  ru: ['стоп', 'отписаться', 'отпиши меня'],
};

/** Words that mean an opt-out wherever they stand. */
const CLEAR_WORDS = [
  ...[
    'unsubscribe',
    'désabonner',
    'désabonne',
    'désabonnez',
    'désabonnement',
    'désinscrire',
    'désinscription',
  ],
  ...['desuscribir', 'descadastrar', 'abbestellen', 'abmelden', 'disiscrivimi', 'uitschrijven', 'отписаться'],
];

/** One-word answers that may mean it. */
const UNCLEAR_WORDS = [
  ...['cancel', 'quit', 'end', 'enough', 'remove', 'annuler', 'annule', 'suffit', 'assez', 'basta', 'alto'],
  ...[
    'detener',
    'para',
    'cancelar',
    'chega',
    'remover',
    'annulla',
    'aufhören',
    'schluss',
    'iptal',
    'خلاص',
    'كفى',
    'كفاية',
  ],
];

/** Pieces of sentences that ask for silence. */
const UNCLEAR_PHRASES = [
  ...[
    'leave me alone',
    'remove me',
    'take me off',
    'stop texting',
    'stop messaging',
    'stop writing',
    'stop sending',
  ],
  ...[
    'do not write',
    'don’t write',
    'dont write',
    'do not text',
    'don’t text',
    'do not contact',
    'don’t contact',
  ],
  ...['do not message', 'don’t message', 'no more messages', 'not interested', 'spam'],
  ...[
    'ne m’écris plus',
    'ne m’écrivez plus',
    'n’écris plus',
    'plus de message',
    'plus de messages',
    'plus recevoir',
  ],
  ...[
    'laisse-moi tranquille',
    'laissez-moi tranquille',
    'fous-moi la paix',
    'foutez-moi la paix',
    'lâche-moi',
  ],
  ...['retire-moi', 'retirez-moi', 'pas intéressé', 'pas intéressée', 'ça suffit', 'arrête de', 'arrêtez de'],
  ...[
    'no me escribas',
    'no me escriba',
    'no más mensajes',
    'déjame en paz',
    'dejen de',
    'deja de',
    'no me interesa',
  ],
  ...['não me escreva', 'não me mande', 'não quero mais', 'me deixe em paz', 'me tira', 'pare de', 'para de'],
  ...['لا تراسلني', 'لا ترسل', 'لا تكتب لي', 'توقف عن', 'اتركني', 'لا اريد', 'غير مهتم'],
  ...['schreib mir nicht', 'keine nachrichten', 'lass mich in ruhe', 'kein interesse', 'hör auf'],
  ...['non scrivermi', 'non mi scrivere', 'lasciami in pace', 'smettila', 'non mi interessa'],
];

/** Common words that are only one letter away from a stop word. */
const HARMLESS = [
  ...[
    'shop',
    'step',
    'slop',
    'stow',
    'said',
    'sari',
    'saia',
    'saiu',
    'soir',
    'saír',
    'bajo',
    'bala',
    'baba',
    'base',
  ],
  ...[
    'pasar',
    'parer',
    'parra',
    'paras',
    'pagar',
    'panar',
    'pardon',
    'part',
    'parc',
    'pari',
    'page',
    'pari',
    'rare',
    'pale',
  ],
  ...['arrive', 'arriver', 'arrivez', 'столп', 'стоя'],
];

const folded = (words: readonly string[]): readonly string[] => [...new Set(words.map(foldText))];

export const OPT_OUTS: ReadonlySet<string> = new Set(folded(Object.values(WHOLE_MESSAGES).flat()));
export const OPT_OUT_WORDS: readonly string[] = [...OPT_OUTS].filter(word => !word.includes(' '));
export const CLEAR: ReadonlySet<string> = new Set(folded(CLEAR_WORDS));
export const UNCLEAR: ReadonlySet<string> = new Set(folded(UNCLEAR_WORDS));
export const PHRASES: readonly string[] = folded(UNCLEAR_PHRASES);
export const NOT_A_TYPO: ReadonlySet<string> = new Set(folded(HARMLESS));
