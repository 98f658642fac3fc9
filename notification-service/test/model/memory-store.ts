import type { DocStore, FindOptions } from '../../src/platform/doc-store.ts';

/**
 * The in-memory twin of the store that the step functions run on: documents are immutable, so that a state of the
 * model is a cheap copy and can be hashed piecewise. It knows just the operators that the step functions use, refuses
 * others, and is checked against MongoDB by replaying traces on both (store-twin.test.ts).
 */
export type Doc = Readonly<Record<string, unknown>> & { readonly _id: string };
export type Collections = Readonly<Record<string, Readonly<Record<string, Doc>>>>;

export interface StoreHolder {
  collections: Collections;
  /** What `$currentDate` sets, machine milliseconds. */
  machineMs: number;
}

export interface Operation {
  name: keyof DocStore;
  collection: string;
  filter: unknown;
  update: unknown;
  options: unknown;
  result: unknown;
}

export function memoryStore(
  holder: () => StoreHolder,
  hooks: {
    /** A mutation: what a write becomes when an element of the design is taken out. */
    rewrite?: (collection: string, filter: Query, update: Update) => { filter: Query; update: Update };
    /** What reads of a collection find when its read is taken out. */
    blind?: (collection: string) => boolean;
    record?: (operation: Operation) => void;
  } = {},
): DocStore {
  const docsOf = (collection: string) => Object.values(holder().collections[collection] ?? {});
  const put = (collection: string, doc: Doc) => {
    const { collections } = holder();
    holder().collections = { ...collections, [collection]: { ...collections[collection], [doc._id]: doc } };
  };
  const select = (collection: string, filter: Query, sort: FindOptions['sort']) => {
    if (hooks.blind?.(collection)) return [];
    const found = docsOf(collection).filter(doc => matches(doc, filter));
    const keys = Object.entries(sort ?? {});
    const compare = (a: Doc, b: Doc): number => {
      for (const [key, direction] of keys) {
        const difference = direction * order(get(a, key), get(b, key));
        if (difference !== 0) return difference;
      }
      return 0;
    };
    return keys.length > 0 ? found.sort(compare) : found;
  };
  const change = (collection: string, filterGiven: unknown, updateGiven: unknown, upsert: boolean) => {
    const given = { filter: filterGiven as Query, update: updateGiven as Update };
    const { filter, update } = hooks.rewrite?.(collection, given.filter, given.update) ?? given;
    const [before] = docsOf(collection).filter(doc => matches(doc, filter));
    if (!before && !upsert) return null;
    const base = before ?? { _id: String(filter['_id']) };
    const after = applyUpdate(base, update, holder().machineMs);
    put(collection, after);
    return { before: before ?? null, after };
  };
  const told = <R>(
    name: keyof DocStore,
    collection: string,
    filter: unknown,
    update: unknown,
    options: unknown,
    result: R,
  ): R => {
    hooks.record?.({ name, collection, filter, update, options, result });
    return result;
  };

  return {
    findOne: <T>(collection: string, filter: object, options: FindOptions = {}) =>
      Promise.resolve(
        told(
          'findOne',
          collection,
          filter,
          null,
          options,
          (select(collection, filter as Query, options.sort)[0] ?? null) as T | null,
        ),
      ),
    find: <T>(collection: string, filter: object, options: FindOptions & { limit: number }) =>
      Promise.resolve(
        told(
          'find',
          collection,
          filter,
          null,
          options,
          select(collection, filter as Query, options.sort).slice(0, options.limit) as T[],
        ),
      ),
    updateOne: (collection, filter, update, options = { upsert: false }) =>
      Promise.resolve(
        told(
          'updateOne',
          collection,
          filter,
          update,
          options,
          change(collection, filter, update, options.upsert) !== null,
        ),
      ),
    findOneAndUpdate: <T>(
      collection: string,
      filter: object,
      update: object,
      options: { returns: 'before' | 'after' },
    ) =>
      Promise.resolve(
        told(
          'findOneAndUpdate',
          collection,
          filter,
          update,
          options,
          (change(collection, filter, update, false)?.[options.returns] ?? null) as T | null,
        ),
      ),
    insertOne(collection, document) {
      const doc = document as Doc;
      const clash = docsOf(collection).some(
        other => other._id === doc._id || sharesUniqueKey(collection, other, doc),
      );
      if (!clash) put(collection, doc);
      return Promise.resolve(told('insertOne', collection, document, null, null, !clash));
    },
  };
}

export type Query = Readonly<Record<string, unknown>>;
export type Update = Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];

/** The two partial unique indexes over active enrollments. */
const sharesUniqueKey = (collection: string, a: Doc, b: Doc): boolean =>
  collection === 'enrollments' &&
  a['status'] === 'active' &&
  b['status'] === 'active' &&
  (a['referralUserId'] === b['referralUserId'] || a['phoneHash'] === b['phoneHash']);

function get(doc: unknown, path: string): unknown {
  let value: unknown = doc;
  for (const name of path.split('.')) {
    if (value === null || value === undefined) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

const plain = (value: unknown): unknown => (value instanceof Date ? value.getTime() : value);
const isOperators = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  !(value instanceof Date) &&
  Object.keys(value).some(key => key.startsWith('$'));
const equal = (a: unknown, b: unknown): boolean =>
  b === null ? a === null || a === undefined : plain(a) === plain(b);
const order = (a: unknown, b: unknown): number => Number(plain(a)) - Number(plain(b));
const comparable = (a: unknown, b: unknown): boolean =>
  a !== null && a !== undefined && typeof plain(a) === typeof plain(b);

const OPERATORS: Record<string, (value: unknown, operand: unknown) => boolean> = {
  $lt: (value, operand) => comparable(value, operand) && order(value, operand) < 0,
  $lte: (value, operand) => comparable(value, operand) && order(value, operand) <= 0,
  $gt: (value, operand) => comparable(value, operand) && order(value, operand) > 0,
  $gte: (value, operand) => comparable(value, operand) && order(value, operand) >= 0,
  $ne: (value, operand) => !equal(value, operand),
  $in: (value, operand) => (operand as unknown[]).some(one => equal(value, one)),
  $exists: (value, operand) => (value !== undefined) === operand,
  $type: (value, operand) => operand === 'date' && value instanceof Date,
};

function matches(doc: Doc, filter: Query): boolean {
  return Object.entries(filter).every(([path, wanted]) => {
    if (path === '$or') return (wanted as Query[]).some(one => matches(doc, one));
    const value = get(doc, path);
    if (!isOperators(wanted)) return equal(value, wanted);
    return Object.entries(wanted).every(([operator, operand]) => known(OPERATORS, operator)(value, operand));
  });
}

function known<T>(table: Record<string, T>, name: string): T {
  const found = table[name];
  if (!found) throw new Error(`The in-memory store does not know ${name}.`);
  return found;
}

function set(doc: unknown, path: readonly string[], value: unknown): unknown {
  const [name = '', ...rest] = path;
  const base = (doc ?? {}) as Record<string, unknown>;
  if (rest.length > 0) return { ...base, [name]: set(base[name], rest, value) };
  if (value !== undefined) return { ...base, [name]: value };
  return Object.fromEntries(Object.entries(base).filter(([field]) => field !== name));
}

const CHANGES: Record<string, (old: unknown, operand: unknown, machineMs: number) => unknown> = {
  $set: (_old, operand) => operand,
  $unset: () => undefined,
  $inc: (old, operand) => Number(old ?? 0) + Number(operand),
  $min: (old, operand) => (old === undefined || order(operand, old) < 0 ? operand : old),
  $currentDate: (_old, _operand, machineMs) => new Date(machineMs),
};

function applyUpdate(doc: Doc, update: Update, machineMs: number): Doc {
  let after: unknown = doc;
  if (Array.isArray(update)) {
    for (const stage of update as Record<string, Record<string, unknown>>[]) {
      const before = after;
      for (const [path, expression] of Object.entries(stage['$set'] ?? {})) {
        after = set(after, path.split('.'), evaluate(before, expression));
      }
    }
    return after as Doc;
  }
  for (const [operator, changes] of Object.entries(update as Record<string, Record<string, unknown>>)) {
    const changeOf = known(CHANGES, operator);
    for (const [path, operand] of Object.entries(changes)) {
      after = set(after, path.split('.'), changeOf(get(after, path), operand, machineMs));
    }
  }
  return after as Doc;
}

/** The few aggregation expressions of recovery's one update. */
function evaluate(doc: unknown, expression: unknown): unknown {
  if (typeof expression === 'string' && expression.startsWith('$')) return get(doc, expression.slice(1));
  if (!isOperators(expression)) return expression;
  const [[operator, operands] = ['', []]] = Object.entries(expression);
  const values = (operands as unknown[]).map(operand => evaluate(doc, operand));
  switch (operator) {
    case '$add':
      return values.reduce<number>((sum, value) => sum + Number(value), 0);
    case '$and':
      return values.every(Boolean);
    case '$eq':
      return equal(values[0], values[1]);
    case '$cond':
      return values[0] === true ? values[1] : values[2];
    default:
      throw new Error(`The in-memory store does not know ${operator}.`);
  }
}
