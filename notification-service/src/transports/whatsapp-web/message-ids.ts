/** What the library gives for the id of a message; since July 2026 its text form is called `$1`. */
export interface RawMessageId {
  id?: unknown;
  fromMe?: unknown;
  remote?: unknown;
  _serialized?: unknown;
  $1?: unknown;
}

/** The id as WhatsApp's server knows it; null when there is none in any of the forms. The one place that reads ids. */
export function messageIdOf(raw: RawMessageId | undefined | null): string | null {
  if (typeof raw?.id === 'string' && raw.id !== '') return raw.id;
  const text = [raw?._serialized, raw?.$1].find(form => typeof form === 'string');
  // `true_<chat>_<id>`, and with a participant after it in groups.
  return text?.split('_')[2] ?? null;
}

/** The chat of a message: text, or an object with the text in one of its two names. */
export function chatIdOf(raw: RawMessageId | undefined | null): string | null {
  return widText(raw?.remote);
}

/** The text of an id of somebody. */
export function widText(wid: unknown): string | null {
  if (typeof wid === 'string') return wid;
  if (typeof wid !== 'object' || wid === null) return null;
  const { _serialized, $1, user, server } = wid as Record<string, unknown>;
  const text = [_serialized, $1].find(form => typeof form === 'string');
  if (text !== undefined) return text;
  return typeof user === 'string' && typeof server === 'string' ? `${user}@${server}` : null;
}

/** The digits of `33612345678@c.us`; null for anything else. */
export const phoneOf = (id: string | null): string | null =>
  /^(\d+)(:\d+)?@(c\.us|s\.whatsapp\.net)$/.exec(id ?? '')?.[1] ?? null;
export const lidOf = (id: string | null): string | null => (id?.endsWith('@lid') ? id : null);
