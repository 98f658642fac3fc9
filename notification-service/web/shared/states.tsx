import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiError } from './api.ts';
import { useCommonTexts } from './section.tsx';

export interface Load<T> {
  data: T | null;
  error: unknown;
  reload(): Promise<void>;
  /** After a change whose answer is the new data. */
  set(data: T): void;
}

/** What the service answers; what is shown stays while it is asked again. */
export function useLoad<T>(ask: () => Promise<T>, inputs: readonly unknown[]): Load<T> {
  const [data, setData] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const reload = useCallback(async () => {
    try {
      setData(await ask());
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  }, inputs);
  useEffect(() => void reload(), [reload]);
  return { data, error, reload, set: setData };
}

/** A placeholder of about the right height, then the data, or what went wrong and a way to try again. */
export function Loaded<T>({
  load,
  lines = 3,
  children,
}: {
  load: Load<T>;
  lines?: number;
  children: (data: T) => ComponentChildren;
}) {
  const t = useCommonTexts();
  if (load.data === null && load.error === null) {
    return (
      <div role="status" aria-busy="true" class="placeholder">
        <span class="unseen">{t('loading')}</span>
        {Array.from({ length: lines }, (_, index) => (
          <div key={index} />
        ))}
      </div>
    );
  }
  return (
    <>
      {load.error !== null && <Failure error={load.error} again={load.reload} />}
      {load.data !== null && children(load.data)}
    </>
  );
}

/** A failure as a sentence, with the id under which the log knows it. */
export function Failure({ error, again }: { error: unknown; again?: () => Promise<void> }) {
  const t = useCommonTexts();
  const known = error instanceof ApiError ? error : null;
  // Both have a banner of their own.
  const text =
    known?.kind === 'offline'
      ? t('offline')
      : known?.kind === 'expired'
        ? t('expired')
        : known?.message || t('somethingWrong');
  return (
    <div role="alert" class="note bad">
      <p>
        {text} {known?.requestId && <small>{t('requestId', { id: known.requestId })}</small>}
      </p>
      {again && (
        <button type="button" class="quiet" onClick={() => void again()}>
          {t('tryAgain')}
        </button>
      )}
    </div>
  );
}

export const Empty = ({ children }: { children: ComponentChildren }) => <p class="empty">{children}</p>;

/** What was typed stays for this tab: over a reload, and over a session that ended. */
export function useKept(key: string, first = ''): [string, (text: string) => void] {
  const name = `relance.typed.${key}`;
  const [text, setText] = useState(() => sessionStorage.getItem(name) ?? first);
  return [
    text,
    next => {
      setText(next);
      if (next === '') sessionStorage.removeItem(name);
      else sessionStorage.setItem(name, next);
    },
  ];
}

/** One change at a time: its failure is kept until the next. */
export function useAction(): {
  busy: boolean;
  error: unknown;
  run(action: () => Promise<void>): Promise<boolean>;
} {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  return {
    busy,
    error,
    async run(action) {
      setBusy(true);
      setError(null);
      try {
        await action();
        return true;
      } catch (failure) {
        setError(failure);
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
