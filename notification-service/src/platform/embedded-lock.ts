import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAlive, parseIdentity, processIdentity } from './embedded-process.ts';

/** Somebody else, who is alive, holds the lock; the message says who and what to do. */
export class AlreadyRunningError extends Error {
  readonly pid: number;
  constructor(path: string, pid: number) {
    super(
      `Another process (pid ${pid}) is already running on ${dirname(path)}. Stop it first, or set MONGODB_URI and REDIS_URL to run several.`,
    );
    this.name = 'AlreadyRunningError';
    this.pid = pid;
  }
}

/**
 * Takes the lock file for this process and returns how to give it up. A file whose owner no longer lives is taken
 * over; throws {@link AlreadyRunningError} when it does live.
 */
export function takeLock(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const mine = JSON.stringify(processIdentity(process.pid));
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    for (let tries = 0; tries < 5; tries++) {
      if (linked(draft, path)) return () => giveUp(path, mine);
      const held = readIfThere(path);
      if (held === undefined) continue;
      const owner = parseIdentity(held);
      if (owner && isAlive(owner)) throw new AlreadyRunningError(path, owner.pid);
      setAside(path, held);
    }
    throw new Error(
      `The lock file ${path} could not be taken: other processes are starting at the same moment.`,
    );
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A hard link is the one way to create a file with its content in a single step that fails if it exists. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Removes a dead owner's file, and puts it back if in the meantime somebody else had made it theirs. */
function setAside(path: string, deadContent: string): void {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  if (readFileSync(aside, 'utf8') !== deadContent) linked(aside, path);
  rmSync(aside, { force: true });
}

function giveUp(path: string, mine: string): void {
  if (readIfThere(path) === mine) rmSync(path, { force: true });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
