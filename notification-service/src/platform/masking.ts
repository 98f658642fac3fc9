/**
 * What log lines must not show: phones, message texts, secrets. Keys decide first; every other string is searched
 * for what looks like a phone, a token or a password in a URL.
 */

const SECRET_KEY =
  /(secret|token|password|passphrase|authorization|cookie|credential|pairing.?code|^qr|qr$|qrText|^code$|ticket)/i;
const PHONE_KEY = /([pP]hone|msisdn|^from$|^to$|^number$|^lid$|Lid$|^chatId$)/;
const TEXT_KEY = /^(text|caption|body|messageText|messageTemplate|templates?|words)$/i;
const ID_KEY = /(^_?id$|Ids?$)/;

const PHONE = /(?<![A-Za-z0-9_.-])\+?\d[\d ]{6,16}\d(?![A-Za-z0-9_-])/g;
const JWT = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const BEARER = /\b(bearer)\s+\S+/gi;
const URL_PASSWORD = /(\w+:\/\/[^\s:/@]*):[^\s@/]*@/g;
const QUERY_SECRET = /([?&](?:ticket|token|secret|key)=)[^&\s]+/gi;
const MAX_DEPTH = 6;

/** `+33612345678` → `336***78`: enough to tell two people apart while looking at one case, not enough to write to them. */
export function maskPhone(phone: string): string {
  const digits = phone.replace(/\D/g, '');
  return digits.length < 6 ? '***' : `${digits.slice(0, 3)}***${digits.slice(-2)}`;
}

/** A text without the phones, tokens and passwords that stand in it. */
export function maskText(text: string): string {
  return text
    .replace(JWT, '[token]')
    .replace(BEARER, '$1 [token]')
    .replace(URL_PASSWORD, '$1:***@')
    .replace(QUERY_SECRET, '$1***')
    .replace(PHONE, found => (found.replace(/\D/g, '').length < 8 ? found : maskPhone(found)));
}

/** Fields fit for a log line: masked, errors spelt out, bytes and deep structures cut. */
export function maskFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, maskValue(key, value, 0, [])]),
  );
}

function maskValue(key: string, value: unknown, depth: number, path: readonly object[]): unknown {
  if (value === undefined || value === null || typeof value === 'boolean') return value;
  if (SECRET_KEY.test(key)) return '[hidden]';
  if (typeof value === 'string') return maskString(key, value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return PHONE_KEY.test(key) ? maskPhone(String(value)) : value;
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (Buffer.isBuffer(value) || ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (path.includes(value)) return '[circular]';
  if (depth >= MAX_DEPTH) return '[deep]';
  return maskObject(key, value, depth, [...path, value]);
}

function maskObject(key: string, value: object, depth: number, path: readonly object[]): unknown {
  if (Array.isArray(value)) return value.map(item => maskValue(key, item, depth + 1, path));
  if (TEXT_KEY.test(key)) return '[text]';
  const entries = value instanceof Error ? errorEntries(value) : Object.entries(value);
  return Object.fromEntries(entries.map(([name, inner]) => [name, maskValue(name, inner, depth + 1, path)]));
}

function maskString(key: string, value: string): string {
  if (PHONE_KEY.test(key)) return maskPhone(value);
  if (TEXT_KEY.test(key)) return `[text of ${value.length} characters]`;
  return ID_KEY.test(key) ? value : maskText(value);
}

/** An error's own words; `code` of system errors helps at night. */
function errorEntries(error: Error): [string, unknown][] {
  const code = 'code' in error ? error.code : undefined;
  return [
    ['name', error.name],
    ['message', error.message],
    ...(typeof code === 'string' || typeof code === 'number'
      ? ([['errorCode', code]] as [string, unknown][])
      : []),
    ...(error.stack === undefined ? [] : ([['stack', error.stack]] as [string, unknown][])),
    ...(error.cause === undefined ? [] : ([['cause', error.cause]] as [string, unknown][])),
  ];
}
