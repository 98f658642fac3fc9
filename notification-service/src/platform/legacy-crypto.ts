import CryptoJS from 'crypto-js';

/**
 * Reads what an older deployment sealed with `CryptoJS.AES.encrypt(text, WHATSAPP_SESSION_SECRET)`, so that it can be
 * sealed anew with platform/crypto.ts. Never for new values: that mode derives its key by one round of MD5 and does
 * not notice tampering. Null when no secret opens it to readable text.
 */
export function openLegacy(sealed: string, secrets: readonly string[]): string | null {
  for (const secret of secrets) {
    const text = decrypt(sealed, secret);
    if (text !== null) return text;
  }
  return null;
}

/** A wrong secret shows only as bad padding or as text that is no UTF-8. */
function decrypt(sealed: string, secret: string): string | null {
  try {
    const text = CryptoJS.AES.decrypt(sealed, secret).toString(CryptoJS.enc.Utf8);
    return text === '' ? null : text;
  } catch {
    return null;
  }
}

/** The hex HMAC-SHA256 as the older deployment wrote it beside its values. */
export const legacyHmac = (text: string, secret: string): string =>
  CryptoJS.HmacSHA256(text, secret).toString(CryptoJS.enc.Hex);
