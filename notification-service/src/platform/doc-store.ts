import { isDuplicateKey } from './mongo.ts';
import type { Db, Document } from './mongo.ts';

/**
 * The few operations of which turns, exits and recovery consist, each atomic on one document. In production they are
 * MongoDB's own; the model test runs the same step functions over a small in-memory twin of this interface.
 * Filters and updates are MongoDB's language.
 */
export interface DocStore {
  findOne: <T>(collection: string, filter: Document, options?: FindOptions) => Promise<T | null>;
  find<T>(collection: string, filter: Document, options: FindOptions & { limit: number }): Promise<T[]>;
  /** Whether a document matched. */
  updateOne(
    collection: string,
    filter: Document,
    update: Document | Document[],
    options?: { upsert: boolean },
  ): Promise<boolean>;
  findOneAndUpdate<T>(
    collection: string,
    filter: Document,
    update: Document | Document[],
    options: { returns: 'before' | 'after' },
  ): Promise<T | null>;
  /** False when the document, or another with one of its unique keys, exists already. */
  insertOne(collection: string, document: Document): Promise<boolean>;
}

export interface FindOptions {
  sort?: Record<string, 1 | -1>;
  projection?: Record<string, 0 | 1>;
}

interface Identified extends Document {
  _id: string;
}

/** Writes are acknowledged by a majority and journaled: the connection's write concern (mongo.ts). */
export function mongoDocStore(db: Db): DocStore {
  return {
    findOne: <T>(collection: string, filter: Document, options: FindOptions = {}) =>
      db.collection<Identified>(collection).findOne<T & Document>(filter, options) as Promise<T | null>,
    find: <T>(collection: string, filter: Document, options: FindOptions & { limit: number }) =>
      db.collection<Identified>(collection).find<T & Document>(filter, options).toArray() as Promise<T[]>,
    async updateOne(collection, filter, update, options = { upsert: false }) {
      const result = await db.collection<Identified>(collection).updateOne(filter, update, options);
      return result.matchedCount > 0 || result.upsertedCount > 0;
    },
    async findOneAndUpdate<T>(
      collection: string,
      filter: Document,
      update: Document | Document[],
      options: { returns: 'before' | 'after' },
    ) {
      const found = await db
        .collection<Identified>(collection)
        .findOneAndUpdate(filter, update, { returnDocument: options.returns });
      return found as T | null;
    },
    async insertOne(collection, document) {
      try {
        await db.collection(collection).insertOne(document);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },
  };
}
