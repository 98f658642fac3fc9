import mongoose from 'mongoose';

export type Db = mongoose.mongo.Db;
export type Collection<T extends Document> = mongoose.mongo.Collection<T>;
export type Filter<T> = mongoose.mongo.Filter<T>;
export type ClientSession = mongoose.mongo.ClientSession;
export const { GridFSBucket, MongoServerError } = mongoose.mongo;
export type Document = mongoose.mongo.Document;

export interface Index {
  key: Record<string, 1 | -1>;
  name?: string;
  unique?: boolean;
  expireAfterSeconds?: number;
  partialFilterExpression?: Document;
}

/** One collection: its name, the type of its documents and its indexes. */
export interface ModelDefinition<T> {
  readonly name: string;
  readonly schema: mongoose.Schema;
  /** Only carries the type. */
  readonly doc?: T;
}

/** Declares a collection. Documents are typed by `T` and validated at the edges (zod), so the schema holds the indexes. */
export function defineModel<T>(name: string, indexes: readonly Index[]): ModelDefinition<T> {
  const schema = new mongoose.Schema({}, { strict: false, versionKey: false, autoIndex: false, _id: false });
  for (const { key, ...options } of indexes) schema.index(key, options);
  return { name, schema };
}

export interface Mongo {
  db: Db;
  collection: <T extends Document>(model: ModelDefinition<T>) => Collection<T>;
  /** Creates what is missing of these collections and their indexes. */
  buildIndexes(models: readonly ModelDefinition<unknown>[]): Promise<void>;
  /** Runs `work` in one transaction; `work` may run again after a transient conflict. */
  transaction: <R>(work: (session: ClientSession) => Promise<R>) => Promise<R>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the store; rejects when it cannot be reached within `serverSelectionMs`. */
export async function openMongo(
  uri: string,
  options: { serverSelectionMs?: number; maxPoolSize?: number } = {},
): Promise<Mongo> {
  const connection = mongoose.createConnection(uri, {
    autoIndex: false,
    autoCreate: false,
    maxPoolSize: options.maxPoolSize ?? 50,
    serverSelectionTimeoutMS: options.serverSelectionMs ?? 10_000,
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'local' },
  });
  await connection.asPromise();
  const db = connection.db;
  if (!db) throw new Error('The MongoDB connection has no database.');
  return {
    db,
    collection: model => db.collection(model.name),
    async buildIndexes(models) {
      for (const { name, schema } of models) {
        await connection.createCollection(name).catch((error: unknown) => {
          if (!(error instanceof MongoServerError && error.code === 48)) throw error; // 48: exists already
        });
        const model = connection.models[name] ?? connection.model(name, schema, name);
        await model.createIndexes();
      }
    },
    transaction: work =>
      connection.getClient().withSession(session => session.withTransaction(() => work(session))),
    async ping() {
      await db.command({ ping: 1 });
    },
    close: () => connection.close(),
  };
}

/** Whether a write failed only because the document exists already. */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === 11000;
