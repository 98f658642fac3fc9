import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../shared/api.ts';
import { useTools } from '../shared/section.tsx';
import type { Status } from '../shared/shapes.ts';

/** One fresh code with its countdown, in this page's own time (`performance.now()`). */
export interface Attempt {
  qr: string;
  attempt: number;
  maxAttempts: number;
  pairingCode: string | null;
  totalMs: number;
  endsAtMs: number;
}
export type Phase = 'asking' | 'waiting' | 'scanned' | 'stopped';
export type View =
  | { kind: 'loading' }
  | { kind: 'consent'; status: Status }
  | { kind: 'linking'; attempt: Attempt | null; phase: Phase; error: unknown }
  | { kind: 'cooldown'; endsAtMs: number }
  | { kind: 'connected'; status: Status; fresh: boolean };

export interface Connecting {
  view: View;
  error: unknown;
  /** Asks for a code; with a number for a pairing code as well. */
  connect(phoneNumber?: string): Promise<void>;
}

interface Answer {
  alreadyConnected?: true;
  qr: string;
  expiresInSeconds: number;
  attempt: number;
  maxAttempts: number;
  pairingCode?: string;
}

const LOOK_MS = 5_000;
/** Who types a code on the phone needs longer; the session waits 60 s for the next question. */
const TYPING_MS = 50_000;
const QR_MS = 20_000;

/** The way from "not connected" to "connected": each code is asked for here, while somebody looks at the page. */
export function useConnecting(): Connecting {
  const { api, live } = useTools();
  const [view, setView] = useState<View>({ kind: 'loading' });
  const [error, setError] = useState<unknown>(null);
  const current = useRef(view);
  current.current = view;
  const asking = useRef(false);

  const show = useCallback((next: View) => {
    current.current = next;
    setView(next);
  }, []);

  const connect = useCallback(
    async (phoneNumber?: string): Promise<void> => {
      if (asking.current) return;
      asking.current = true;
      const before = current.current.kind === 'linking' ? current.current.attempt : null;
      show({ kind: 'linking', attempt: before, phase: 'asking', error: null });
      try {
        const answer = await api.post<Answer>('/connect', phoneNumber ? { phoneNumber } : {});
        if (answer.alreadyConnected) return await look();
        show({ kind: 'linking', attempt: attemptOf(answer, before), phase: 'waiting', error: null });
      } catch (failure) {
        const cooldown = cooldownOf(failure);
        if (cooldown !== null) show({ kind: 'cooldown', endsAtMs: performance.now() + cooldown });
        else show({ kind: 'linking', attempt: before, phase: 'stopped', error: failure });
      } finally {
        asking.current = false;
      }
    },
    [api, show],
  );

  const look = useCallback(async (): Promise<void> => {
    const status = await api.get<Status>('/status').catch((failure: unknown) => {
      setError(failure);
      return null;
    });
    if (!status) return;
    setError(null);
    const now = current.current;
    if (status.whatsappStatus === 'connected') {
      if (now.kind !== 'connected') show({ kind: 'connected', status, fresh: now.kind === 'linking' });
    } else if (status.cooldownUntil !== null) {
      // How long it still is, in this page's own time, is said by the refusal.
      if (now.kind !== 'cooldown') await connect();
    } else if (status.state === 'authenticating') {
      const attempt = now.kind === 'linking' ? now.attempt : null;
      show({ kind: 'linking', attempt, phase: 'scanned', error: null });
    } else if (now.kind === 'loading' && status.state === 'qr_pending' && status.consentAt !== null) {
      // After a reload the attempt goes on where it was.
      await connect();
    } else if (now.kind !== 'linking') show({ kind: 'consent', status });
  }, [api, connect, show]);

  useEffect(() => {
    void look();
    const timer = setInterval(() => void look(), LOOK_MS);
    const stop = live.listen(({ type, data }) => {
      const now = current.current;
      if (type === 'qr' && now.kind === 'linking' && now.attempt) {
        show({ ...now, attempt: { ...now.attempt, qr: (data as { qr: string }).qr } });
      }
      if (type === 'state') void onState(data as { state: string; sentence: string | null });
    });
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [live, look, show]);

  /** A sentence says why a link ended without a connection. */
  async function onState({ state, sentence }: { state: string; sentence: string | null }): Promise<void> {
    const now = current.current;
    if (now.kind === 'linking' && sentence !== null && state !== 'connecting') {
      show({ ...now, phase: 'stopped', error: new ApiError('refused', sentence) });
    }
    await look();
  }

  return { view, error, connect };
}

function attemptOf(answer: Answer, before: Attempt | null): Attempt {
  const now = performance.now();
  const same = before?.attempt === answer.attempt ? before : null;
  const pairingCode = answer.pairingCode ?? before?.pairingCode ?? null;
  const leftMs = pairingCode === null ? answer.expiresInSeconds * 1000 : TYPING_MS;
  return {
    qr: answer.qr,
    attempt: answer.attempt,
    maxAttempts: answer.maxAttempts,
    pairingCode,
    totalMs: pairingCode === null ? Math.max(QR_MS, leftMs, same?.totalMs ?? 0) : TYPING_MS,
    endsAtMs: now + leftMs,
  };
}

function cooldownOf(failure: unknown): number | null {
  if (!(failure instanceof ApiError) || failure.details['cooldownUntil'] === undefined) return null;
  return (failure.retryAfterSeconds ?? 60) * 1000;
}

/** What is left until then, in milliseconds, told every quarter of a second. */
export function useCountdown(endsAtMs: number | null, onEnd: () => void): number {
  const [leftMs, setLeft] = useState(0);
  const end = useRef(onEnd);
  end.current = onEnd;
  useEffect(() => {
    if (endsAtMs === null) return;
    const tick = () => {
      const left = Math.max(0, endsAtMs - performance.now());
      setLeft(left);
      // The next code is asked for as long as somebody looks at it.
      if (left > 0 || document.visibilityState !== 'visible') return;
      clearInterval(timer);
      end.current();
    };
    const timer = setInterval(tick, 250);
    tick();
    return () => clearInterval(timer);
  }, [endsAtMs]);
  return leftMs;
}
