import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createKeyring, isSealedWithCurrent, SealError, unwrapKey, wrapKey } from '../../platform/crypto.ts';
import { defineModel, GridFSBucket, type Db } from '../../platform/mongo.ts';
import { newToken } from '../../platform/random.ts';
import { packProfile, unpackProfile } from './vault-archive.ts';
import { openFrames, sealFrames, type ArchiveKey } from './vault-cipher.ts';

/** The archives of one channel, newest first, and the key of all of them. */
export interface VaultDoc {
  _id: string;
  /** The channel's data key, wrapped by `WHATSAPP_SESSION_SECRET`. */
  wrapped: string;
  /** Names of files in the bucket. */
  archives: string[];
  /** Who opened the profile last: only they may put an archive on top. */
  openToken: string | null;
}

interface ArchiveFacts {
  channelId: string;
  salt: string;
  /** The browser that wrote the profile: an older one may not read it. */
  browserMajor: number;
  /** Calendar instant (ISO): everything before it was taken in. */
  takenInUntil: string;
}

export const vaultModel = defineModel<VaultDoc>('whatsapp_vault', []);

/** Profiles of sleeping channels, each one encrypted archive that any instance can wake. */
export interface Vault {
  /**
   * Says that this process has the profile from now on, and unpacks the newest archive that opens into `sessionDir`
   * (which must not exist). An archive that cannot be opened is passed over for the last good one, and both are kept.
   * Null when there is none. Rejects with a {@link SealError} when none of them opens.
   */
  wake(channelId: string, sessionDir: string, browserMajor: number): Promise<Woken>;
  /** Whether this token is still the last that opened the channel. */
  isCurrent(channelId: string, openToken: string): Promise<boolean>;
  /** Claims a channel without unpacking: its profile is made anew, or lies here already. */
  claim(channelId: string): Promise<string>;
  /** Seals a closed profile. False when somebody else has opened the channel since: then nothing is kept. */
  sleep(channelId: string, sessionDir: string, facts: SleepFacts): Promise<boolean>;
  /** Deletes everything of a channel. Idempotent. */
  remove(channelId: string): Promise<void>;
  /** Wraps every data key with the current secret; returns how many needed it. */
  rotate(): Promise<number>;
}

export interface SleepFacts {
  openToken: string;
  browserMajor: number;
  takenInUntil: Date;
}

export interface Woken {
  openToken: string;
  /** Null when there was no archive. */
  takenInUntil: Date | null;
}

const KEPT_ARCHIVES = 2;

export function createVault(deps: {
  db: Db;
  secrets: readonly string[];
  logger: { warn(message: string, fields: Record<string, unknown>): unknown };
}): Vault {
  const docs = deps.db.collection<VaultDoc>(vaultModel.name);
  const bucket = new GridFSBucket(deps.db, { bucketName: vaultModel.name });
  const keyring = createKeyring(deps.secrets, 'vault');

  async function claimDoc(channelId: string): Promise<VaultDoc & { openToken: string }> {
    const openToken = newToken();
    const wrapped = wrapKey(randomBytes(32), keyring, keyName(channelId));
    const doc = await docs.findOneAndUpdate(
      { _id: channelId },
      { $set: { openToken }, $setOnInsert: { wrapped, archives: [] } },
      { upsert: true, returnDocument: 'after' },
    );
    if (!doc) throw new Error('The vault has lost a channel.');
    return { ...doc, openToken };
  }

  async function unpack(
    doc: VaultDoc,
    name: string,
    sessionDir: string,
    browserMajor: number,
  ): Promise<Date> {
    const [file] = await bucket.find({ filename: name }).limit(1).toArray();
    const facts = file?.metadata as ArchiveFacts | undefined;
    if (!facts) throw new SealError('The archive is not there.');
    const source = bucket.openDownloadStreamByName(name) as AsyncIterable<Buffer>;
    const partial = `${sessionDir}.waking`;
    await rm(partial, { recursive: true, force: true });
    try {
      await unpackProfile(openFrames(source, keyFor(doc, facts)), partial);
      if (facts.browserMajor > browserMajor) {
        throw new Error(
          `This login was last used with browser ${facts.browserMajor}; browser ${browserMajor} cannot read it. Install the newer one.`,
        );
      }
      await rename(partial, sessionDir);
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      throw error;
    }
    return new Date(facts.takenInUntil);
  }

  const keyFor = (doc: VaultDoc, facts: ArchiveFacts): ArchiveKey => ({
    dataKey: unwrapKey(doc.wrapped, keyring, keyName(doc._id)),
    salt: Buffer.from(facts.salt, 'base64'),
    // The channel that asks, not the one that the file names.
    place: [doc._id, facts.browserMajor, facts.takenInUntil].join('\0'),
  });

  async function removeFile(name: string): Promise<void> {
    for (const { _id } of await bucket.find({ filename: name }).toArray()) await bucket.delete(_id);
  }

  return {
    async wake(channelId, sessionDir, browserMajor) {
      const doc = await claimDoc(channelId);
      let failure: unknown = null;
      for (const name of doc.archives) {
        try {
          const takenInUntil = await unpack(doc, name, sessionDir, browserMajor);
          return { openToken: doc.openToken, takenInUntil };
        } catch (error) {
          if (!(error instanceof SealError)) throw error;
          deps.logger.warn('An archive of a login does not open; the one before it is tried.', {
            channelId,
            reason: error.message,
          });
          failure = error;
        }
      }
      if (failure) throw failure as SealError;
      return { openToken: doc.openToken, takenInUntil: null };
    },
    async isCurrent(channelId, openToken) {
      return (await docs.findOne({ _id: channelId, openToken }, { projection: { _id: 1 } })) !== null;
    },
    claim: async channelId => (await claimDoc(channelId)).openToken,
    async sleep(channelId, sessionDir, { openToken, browserMajor, takenInUntil }) {
      const mine = { _id: channelId, openToken };
      const doc = await docs.findOne(mine);
      if (!doc) return false;
      const name = newToken();
      const salt = randomBytes(32);
      const facts = { channelId, browserMajor, takenInUntil: takenInUntil.toISOString() };
      const metadata: ArchiveFacts = { ...facts, salt: salt.toString('base64') };
      const upload = bucket.openUploadStream(name, { metadata });
      try {
        await pipeline(sealFrames(packProfile(sessionDir), keyFor(doc, metadata)), upload);
      } catch (error) {
        await upload.abort().catch(() => undefined); // it may have been removed already
        throw error;
      }
      const onTop = { $push: { archives: { $each: [name], $position: 0, $slice: KEPT_ARCHIVES } } };
      const { matchedCount } = await docs.updateOne(mine, onTop);
      if (matchedCount === 0) await removeFile(name);
      else for (const old of [name, ...doc.archives].slice(KEPT_ARCHIVES)) await removeFile(old);
      return matchedCount > 0;
    },
    async remove(channelId) {
      await docs.deleteOne({ _id: channelId });
      for (const { _id } of await bucket.find({ 'metadata.channelId': channelId }).toArray()) {
        await bucket.delete(_id);
      }
    },
    async rotate() {
      let rotated = 0;
      for await (const { _id, wrapped } of docs.find({}, { projection: { wrapped: 1 } })) {
        if (isSealedWithCurrent(wrapped, keyring)) continue;
        const key = unwrapKey(wrapped, keyring, keyName(_id));
        const again = { $set: { wrapped: wrapKey(key, keyring, keyName(_id)) } };
        rotated += (await docs.updateOne({ _id, wrapped }, again)).modifiedCount;
      }
      return rotated;
    },
  };
}

const keyName = (channelId: string): string => `vault:${channelId}`;
