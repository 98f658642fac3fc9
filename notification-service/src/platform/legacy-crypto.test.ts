import { createHmac } from 'node:crypto';
import CryptoJS from 'crypto-js';
import { expect, it } from 'vitest';
import { legacyHmac, openLegacy } from './legacy-crypto.ts';

const sealed = CryptoJS.AES.encrypt('{"session":"é"}', 'old secret').toString();

it('reads what the older deployment sealed, whichever secret it was', () => {
  expect(openLegacy(sealed, ['new secret', 'old secret'])).toBe('{"session":"é"}');
});

it('reads a value sealed by openssl-compatible AES, as it stands in an old database', () => {
  expect(openLegacy('U2FsdGVkX1+k3i3dyd3A0pUz9cCnyIY2DYh0UCcSQ0w=', ['x'])).toBeNull();
});

it('is null for another secret and for what was never sealed', () => {
  expect(openLegacy(sealed, ['new secret'])).toBeNull();
  expect(openLegacy('plain text', ['old secret'])).toBeNull();
  expect(openLegacy('', ['old secret'])).toBeNull();
});

it('makes the usual HMAC', () => {
  expect(legacyHmac('text', 'key')).toBe(createHmac('sha256', 'key').update('text').digest('hex'));
});
