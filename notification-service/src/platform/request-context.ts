import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line of a request or a job carries by itself. */
export type RequestContext = Readonly<Record<string, string | number>>;

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` with `fields` added to the context it is called in. */
export function runWithContext<R>(fields: RequestContext, work: () => R): R {
  return storage.run({ ...storage.getStore(), ...fields }, work);
}

/** The fields of the request or job we are in; empty outside of one. */
export const currentContext = (): RequestContext => storage.getStore() ?? NONE;

const NONE: RequestContext = Object.freeze({});
