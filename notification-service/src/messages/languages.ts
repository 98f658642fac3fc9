/** `pt_BR` and `PT-br` are `pt-br`; null when it does not look like a language's code. */
export function languageCode(text: string): string | null {
  const code = text.trim().toLowerCase().replaceAll('_', '-');
  return /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$/.test(code) ? code : null;
}

/** Asked → its base language → the default language, each once. */
export function languageChain(asked: string | null, byDefault: string): string[] {
  const code = asked === null ? null : languageCode(asked);
  const chain = [code, code?.split('-')[0], languageCode(byDefault) ?? byDefault];
  return [...new Set(chain.filter(found => typeof found === 'string'))];
}

/** The first language of the chain that has a text, with its text. */
export function textFor(
  texts: Readonly<Record<string, string>>,
  asked: string | null,
  byDefault: string,
): { language: string; template: string } | null {
  for (const language of languageChain(asked, byDefault)) {
    const template = Object.hasOwn(texts, language) ? texts[language] : undefined;
    if (template !== undefined && template.trim() !== '') return { language, template };
  }
  return null;
}
