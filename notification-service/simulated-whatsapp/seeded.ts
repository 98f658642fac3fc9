import { createHash, randomBytes } from 'node:crypto';

/**
 * Chance by name instead of by order: the same seed and the same words always give the same value,
 * whatever else happens in between. So two runs agree even when their messages interleave differently.
 */
export function fractionOf(seed: number, ...words: (string | number)[]): number {
  return digestOf(seed, words).readUInt32BE(0) / 2 ** 32;
}

/** An integer in `[min, max]` that belongs to these words. */
export function integerOf(seed: number, min: number, max: number, ...words: (string | number)[]): number {
  return min + Math.floor(fractionOf(seed, ...words) * (max - min + 1));
}

/** `length` upper-case hex characters (at most 64) that belong to these words. */
export function hexOf(seed: number, length: number, ...words: (string | number)[]): string {
  return digestOf(seed, words).toString('hex').slice(0, length).toUpperCase();
}

/** A hidden id as WhatsApp writes it: 15 digits and `@lid`. */
export function hiddenIdOf(seed: number, phone: string): string {
  const number = digestOf(seed, ['lid', phone]).readUIntBE(0, 6) % 9e13;
  return `${String(1e14 + number)}@lid`;
}

/** What must not be guessed or repeated: login keys and QR texts. */
export const newSecret = (): string => randomBytes(18).toString('base64url');

const PAIRING_ALPHABET = '123456789ABCDEFGHJKLMNPQRSTVWXYZ';

/** A pairing code: 8 characters that are hard to mistake for each other. */
export const newPairingCode = (): string =>
  [...randomBytes(8)].map(byte => PAIRING_ALPHABET.charAt(byte % PAIRING_ALPHABET.length)).join('');

function digestOf(seed: number, words: (string | number)[]): Buffer {
  return createHash('sha256')
    .update([seed, ...words].join('\u0000'))
    .digest();
}
