import { createKeyring, open, seal } from '../platform/crypto.ts';
import { defineModel } from '../platform/mongo.ts';
import type { Db } from '../platform/mongo.ts';

/** A stored login of a transport whose login is a small value, sealed for this channel only. */
export interface ChannelLoginDoc {
  _id: string;
  sealed: string;
}

export const channelLoginModel = defineModel<ChannelLoginDoc>('channel_logins', []);

export interface SealedLogins<T> {
  load(channelId: string): Promise<T | null>;
  save(channelId: string, login: T): Promise<void>;
  remove(channelId: string): Promise<void>;
}

/** Logins in MongoDB, AES-256-GCM under `WHATSAPP_SESSION_SECRET`; an opened value's shape is the caller's promise. */
export function createSealedLogins<T>(db: Db, secrets: readonly string[]): SealedLogins<T> {
  const keyring = createKeyring(secrets, 'channel-logins');
  const logins = db.collection<ChannelLoginDoc>('channel_logins');
  const place = (channelId: string) => `login:${channelId}`;
  return {
    async load(channelId) {
      const found = await logins.findOne({ _id: channelId });
      return found ? (JSON.parse(open(found.sealed, keyring, place(channelId)).toString('utf8')) as T) : null;
    },
    async save(channelId, login) {
      const sealed = seal(JSON.stringify(login), keyring, place(channelId));
      await logins.updateOne({ _id: channelId }, { $set: { sealed } }, { upsert: true });
    },
    async remove(channelId) {
      await logins.deleteOne({ _id: channelId });
    },
  };
}
