/** What somebody who opted out still gets, once, in their language. */
const TEXTS: Record<string, string> = {
  en: 'Done: you will not receive any more messages. Sorry for the disturbance, and all the best.',
  fr: 'C’est noté : vous ne recevrez plus de message. Désolé pour le dérangement, et bonne continuation.',
  es: 'Hecho: no recibirás más mensajes. Perdona la molestia y que todo te vaya bien.',
  pt: 'Feito: não receberá mais mensagens. Desculpe o incómodo e tudo de bom.',
  ar: 'تم: لن تصلك أي رسائل أخرى. نعتذر عن الإزعاج، ونتمنى لك كل التوفيق.',
};

/** Falls back to the platform's default language, then to English. */
export const confirmationText = (language: string | null, defaultLanguage: string): string =>
  TEXTS[language ?? ''] ?? TEXTS[defaultLanguage] ?? TEXTS['en'] ?? '';
