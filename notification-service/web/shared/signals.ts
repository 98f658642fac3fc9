import { useEffect, useState } from 'preact/hooks';

/** A value that components follow; set from anywhere. */
export interface Followed<T> {
  get(): T;
  set(value: T): void;
  follow(listener: (value: T) => void): () => void;
}

export function followed<T>(first: T): Followed<T> {
  let current = first;
  const listeners = new Set<(value: T) => void>();
  return {
    get: () => current,
    set(value) {
      if (value === current) return;
      current = value;
      for (const listener of listeners) listener(value);
    },
    follow(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

export function useFollowed<T>(source: Followed<T>): T {
  const [value, setValue] = useState(source.get());
  useEffect(() => {
    setValue(source.get());
    return source.follow(next => setValue(next));
  }, [source]);
  return value;
}
