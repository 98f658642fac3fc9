import type { World } from './world.ts';

/**
 * A state's hash: 53 bits, made of the hashes of its immutable pieces, each of which is remembered; a step makes few
 * new ones. With a million states the chance of any collision is about 5e-5.
 */
const known = new WeakMap<object, number>();
const HIGH = 2 ** 32;

export function stateHash(world: World): number {
  return hashFields({ ...world, actors: world.actors as unknown });
}

function hashOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return hashText(value);
    case 'number':
      return value === Math.trunc(value)
        ? mix(value % HIGH, Math.trunc(value / HIGH) + 1, 3)
        : hashText(String(value));
    case 'object':
      return value === null ? 7 : hashObject(value);
    case 'boolean':
      return value ? 11 : 13;
    default:
      return 17; // undefined, functions
  }
}

function hashObject(value: object): number {
  if (value instanceof Date) return mix(value.getTime() % HIGH, Math.trunc(value.getTime() / HIGH), 19);
  const before = known.get(value);
  if (before !== undefined) return before;
  const named = (value as { toJSON?: () => string }).toJSON;
  const hash = named ? hashText(named()) : hashFields(value);
  known.set(value, hash);
  return hash;
}

function hashFields(value: object): number {
  let low = 0x9e3779b9;
  let high = 0x85ebca6b;
  for (const name of Object.keys(value)) {
    const key = hashText(name);
    const child = hashOf((value as Record<string, unknown>)[name]);
    low = Math.imul(low ^ key ^ (child | 0), 2654435761);
    high =
      Math.imul(high ^ (key + 31) ^ Math.trunc(child / HIGH) ^ Math.imul(child | 0, 97), 1597334677) ^
      (low >>> 15);
  }
  return finish(low, high);
}

const mix = (a: number, b: number, c: number): number =>
  finish(
    Math.imul((a | 0) ^ Math.imul(c, 0x27d4eb2f), 2654435761),
    Math.imul((b | 0) ^ (a | 0) ^ c, 1597334677),
  );

/** cyrb53's last lines (public domain). */
function finish(low: number, high: number): number {
  const h1 = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  const h2 = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  return HIGH * (2097151 & h2) + (h1 >>> 0);
}

const texts = new Map<string, number>();
function hashText(text: string): number {
  const before = texts.get(text);
  if (before !== undefined) return before;
  let h1 = 0xdeadbeef;
  let h2 = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    h1 = Math.imul(h1 ^ code, 2654435761);
    h2 = Math.imul(h2 ^ code, 1597334677);
  }
  const hash = finish(h1, h2);
  if (texts.size < 100_000) texts.set(text, hash);
  return hash;
}
