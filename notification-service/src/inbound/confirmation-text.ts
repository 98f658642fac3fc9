import { languageChain } from '../messages/index.ts';

/** What somebody who opted out still gets, once, in their language. */
const TEXTS: Record<string, string> = {
  en: 'Done: you will not receive any more messages. Sorry for the disturbance, and all the best.',
  fr: 'C’est noté : vous ne recevrez plus de message. Désolé pour le dérangement, et bonne continuation.',
  es: 'Hecho: no recibirás más mensajes. Perdona la molestia y que todo te vaya bien.',
  pt: 'Feito: não receberá mais mensagens. Desculpe o incómodo e tudo de bom.',
  de: 'Erledigt: Sie erhalten keine weiteren Nachrichten. Entschuldigen Sie die Störung, und alles Gute.',
  it: 'Fatto: non riceverai altri messaggi. Scusa per il disturbo, e tante belle cose.',
  ar: 'تم: لن تصلك أي رسائل أخرى. نعتذر عن الإزعاج، ونتمنى لك كل التوفيق.',
};

/** Falls back to the base language (`pt` for `pt-br`), the platform's default language, then English. */
export function confirmationText(language: string | null, defaultLanguage: string): string {
  const known = [...languageChain(language, defaultLanguage), 'en'].find(code => Object.hasOwn(TEXTS, code));
  return TEXTS[known ?? 'en'] ?? '';
}
