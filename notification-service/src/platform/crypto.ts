import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { Db } from './mongo.ts';

/** Keys made from a list of secrets for one purpose; the first seals, all of them open. */
export interface Keyring {
  readonly current: Key;
  readonly byId: ReadonlyMap<string, Key>;
}
interface Key {
  id: string;
  bytes: Buffer;
}

/** What was sealed cannot be opened: another key, another place (`aad`), or somebody has changed it. */
export class SealError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SealError';
  }
}

const VERSION = 'v1';

/** Keys for one `purpose` (such as `sessions`), by HKDF-SHA256, so that no key serves two ends. */
export function createKeyring(secrets: readonly string[], purpose: string): Keyring {
  const keys = secrets.map(secret => {
    const bytes = Buffer.from(hkdfSync('sha256', secret, 'relance', purpose, 32));
    return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes };
  });
  const [current] = keys;
  if (!current) throw new Error('A keyring needs at least one secret.');
  return { current, byId: new Map(keys.map(key => [key.id, key])) };
}

/**
 * AES-256-GCM: `v1.<key id>.<iv>.<ciphertext and tag>`. `aad` says where the value belongs (`session:<channel id>`);
 * it is not stored, and the value opens with the same words only.
 */
export function seal(plain: Buffer | string, keyring: Keyring, aad: string): string {
  const { id, bytes } = keyring.current;
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', bytes, iv).setAAD(aadOf(id, aad));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return [VERSION, id, iv.toString('base64url'), sealed.toString('base64url')].join('.');
}

/** Opens what {@link seal} made; throws {@link SealError}. */
export function open(sealed: string, keyring: Keyring, aad: string): Buffer {
  const [version, id = '', ivText = '', text = '', ...rest] = sealed.split('.');
  if (version !== VERSION || rest.length > 0) throw new SealError('This is not a sealed value.');
  const key = keyring.byId.get(id);
  if (!key) throw new SealError('It was sealed with a secret that is not configured any more.');
  const iv = Buffer.from(ivText, 'base64url');
  const bytes = Buffer.from(text, 'base64url');
  if (iv.length !== 12 || bytes.length < 16) throw new SealError('This is not a sealed value.');
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, iv, { authTagLength: 16 });
  decipher.setAAD(aadOf(id, aad)).setAuthTag(bytes.subarray(-16));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
  } catch {
    throw new SealError('The sealed value was changed, or belongs elsewhere.');
  }
}

/** Whether a value was sealed with the current key; if not, opening and sealing it again is due. */
export const isSealedWithCurrent = (sealed: string, keyring: Keyring): boolean =>
  sealed.startsWith(`${VERSION}.${keyring.current.id}.`);

const aadOf = (keyId: string, aad: string): Buffer => Buffer.from(`${VERSION}\0${keyId}\0${aad}`, 'utf8');

/** Seals a key with another one; `name` says which key it is. */
export const wrapKey = (key: Buffer, keyring: Keyring, name: string): string =>
  seal(key, keyring, `key:${name}`);
export const unwrapKey = (wrapped: string, keyring: Keyring, name: string): Buffer =>
  open(wrapped, keyring, `key:${name}`);

/** Digits → 64 hex characters, always the same for one phone: how people are remembered without their number. */
export type PhoneHasher = (phone: string) => string;

interface PhoneKeyDoc {
  _id: string;
  wrapped: string;
}
const PHONE_KEY = 'phone-key';

/**
 * The keyed hash of phones. Its key is made once, by whichever process is first, and kept in MongoDB wrapped by the
 * session secret. Another current secret re-wraps it; the key itself never changes, since a new one would forget
 * every opt-out. Rejects when no configured secret opens it.
 */
export async function createPhoneHasher(deps: { db: Db; secrets: readonly string[] }): Promise<PhoneHasher> {
  const collection = deps.db.collection<PhoneKeyDoc>('platform');
  const keyring = createKeyring(deps.secrets, 'phone-key');
  await collection
    .updateOne(
      { _id: PHONE_KEY },
      { $setOnInsert: { wrapped: wrapKey(randomBytes(32), keyring, PHONE_KEY) } },
      { upsert: true, writeConcern: { w: 'majority', journal: true } },
    )
    .catch((error: unknown) => {
      if (!isDuplicate(error)) throw error; // two processes at once: the other one has made it
    });
  const doc = await collection.findOne(
    { _id: PHONE_KEY },
    { readConcern: { level: 'majority' }, readPreference: 'primary' },
  );
  if (!doc) throw new Error('The key of the phone hashes has vanished from the database.');
  const key = openPhoneKey(doc.wrapped, keyring);
  if (!isSealedWithCurrent(doc.wrapped, keyring)) {
    await collection.updateOne(
      { _id: PHONE_KEY, wrapped: doc.wrapped },
      { $set: { wrapped: wrapKey(key, keyring, PHONE_KEY) } },
    );
  }
  return phone => createHmac('sha256', key).update(phone).digest('hex');
}

function openPhoneKey(wrapped: string, keyring: Keyring): Buffer {
  try {
    return unwrapKey(wrapped, keyring, PHONE_KEY);
  } catch (cause) {
    throw new Error(
      'The key of the phone hashes cannot be opened with any WHATSAPP_SESSION_SECRET. Add the former secret to the list (after a comma): a new key would forget every opt-out.',
      { cause },
    );
  }
}

const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 11000;
