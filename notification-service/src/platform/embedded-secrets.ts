import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The secrets of the embedded default, made once and kept in a file only its owner can read (`NAME=value` lines).
 * A name that an older file lacks is added. Returns them by name.
 */
export function keepSecrets<Name extends string>(path: string, names: readonly Name[]): Record<Name, string> {
  const kept = parse(textOf(path));
  const missing = names.filter(name => !kept.has(name));
  if (missing.length > 0) {
    for (const name of missing) kept.set(name, randomBytes(32).toString('base64url'));
    replaceFile(path, [...kept].map(([name, value]) => `${name}=${value}\n`).join(''));
  }
  return Object.fromEntries(names.map(name => [name, kept.get(name) ?? ''])) as Record<Name, string>;
}

function parse(text: string): Map<string, string> {
  const pairs = text.split('\n').map(line => /^([A-Z_]+)=(\S{32,})$/.exec(line.trim()));
  return new Map(pairs.flatMap(pair => (pair?.[1] && pair[2] ? [[pair[1], pair[2]] as const] : [])));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** Whole or not at all: a power cut must not leave half a secret behind. */
function replaceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  renameSync(draft, path);
}
