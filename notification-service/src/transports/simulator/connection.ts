import { TransportError, type ClosedReason, type OpenSession } from '../../channels/transport.ts';
import { monotonicNowMs } from '../../platform/clock.ts';
import { newToken } from '../../platform/random.ts';
import { backoffMs } from './backoff.ts';
import { createConfirmations } from './confirmations.ts';
import type { NetworkEvent } from './frames.ts';
import { openLine, type Line } from './line.ts';
import type { SimulatorLogin } from './login-store.ts';
import { createQuestions, type Questions } from './questions.ts';
import { createSends, type Sends } from './sends.ts';
import type { SessionDeps } from './session.ts';

/**
 * The live side of one session: its line, which may break and come back, and its end, which is for good.
 * A line that breaks during a send ends the session: whoever settles that send must be able to rely on it.
 */
export interface Connection {
  readonly isAlive: boolean;
  readonly isReady: boolean;
  /** Resolves once a QR is shown, at once when one is; also when the session or this deadline is over. True when one is shown. */
  whenWaiting(deadlineMs: number): Promise<boolean>;
  readonly questions: Questions;
  readonly sends: Sends;
  /** Reaches the network. Rejects with a TransportError. */
  open(): Promise<void>;
  /** Idempotent. */
  end(reason: ClosedReason): void;
}

export function createConnection(
  deps: SessionDeps,
  { channelId, expectLogin, on }: OpenSession,
  onOver: () => void,
): Connection {
  const session = newToken();
  const timers = new Set<NodeJS.Timeout>();
  const sends = createSends();
  const questions = createQuestions(frame => line?.write(frame));
  const confirmations = createConfirmations(deps.confirmAfterMs, upTo => {
    if (isReady && line?.isOpen) line.write({ op: 'confirm', upTo });
  });
  let line: Line | null = null;
  let login: SimulatorLogin | null = null;
  let saved: Promise<void> = Promise.resolve();
  let isReady = false;
  let wasReady = false;
  let isOver = false;
  let showsQr = false;
  const waiters = new Set<() => void>();
  let trouble: { sinceMs: number; attempts: number } | null = null;

  const later = (ms: number, act: () => void): NodeJS.Timeout => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!isOver) act();
    }, ms);
    timers.add(timer);
    return timer;
  };

  const end = (reason: ClosedReason): void => {
    if (isOver) return;
    isOver = true;
    isReady = false;
    showsQr = false;
    for (const waiter of waiters) waiter();
    line?.hangUp();
    for (const timer of timers) clearTimeout(timer);
    confirmations.stop();
    questions.abandon();
    sends.abandon(reason);
    onOver();
    on.closed(reason);
  };

  const dial = async (): Promise<void> => {
    const opened: Line = await openLine(
      deps.url,
      { deadlineMs: deps.callDeadlineMs, heartbeatMs: deps.heartbeatMs },
      {
        event: event => {
          if (line === opened && !isOver) hear(event, opened);
        },
        answer: answer => questions.answered(answer),
        lost: () => {
          if (line === opened && !isOver) lose();
        },
      },
    );
    if (isOver) opened.hangUp();
    else line = opened;
  };

  const loadLogin = async (): Promise<SimulatorLogin | null> => {
    try {
      return await deps.loginStore.load(channelId);
    } catch (error) {
      throw new TransportError('launch', 'The stored login of this channel could not be read.', {
        cause: error,
      });
    }
  };

  const greet = (resume: boolean): void => {
    line?.write({ op: 'hello', session, resume: resume && login !== null, login });
    // A network that takes the line but says nothing is as good as none.
    silence = later(deps.callDeadlineMs, () => end('hung'));
  };
  let silence: NodeJS.Timeout | undefined;

  const hear = (event: NetworkEvent, from: Line): void => {
    clearTimeout(silence);
    trouble = null;
    switch (event.ev) {
      case 'qr':
        showsQr = true;
        for (const waiter of waiters) waiter();
        on.qr(event.text, event.validForMs);
        break;
      case 'linking':
        on.linking();
        break;
      case 'linked':
        showsQr = false;
        login = event.login;
        saved = deps.loginStore.save(channelId, event.login);
        saved.catch((error: unknown) => {
          deps.logger.warn('The login of a linked channel could not be kept.', {
            channelId,
            reason: String(error),
          });
          end('crashed');
        });
        break;
      case 'ready':
        void saved.then(
          () => becomeReady(event.identity, from),
          () => undefined,
        );
        break;
      case 'message':
        if (confirmations.isNew(event.n)) on.message({ ...event.message, at: new Date(event.message.at) });
        break;
      case 'receipt':
        if (!confirmations.isNew(event.n)) break;
        on.receipt({ ...event.receipt, at: new Date(event.receipt.at) });
        sends.receipt(event.receipt.messageId, event.receipt.ack);
        break;
      case 'closed':
        hearEnd(event.reason);
        break;
    }
  };

  const becomeReady = (
    identity: { phone: string; lid: string; inUseSince: string | null },
    from: Line,
  ): void => {
    if (isOver || line !== from) return;
    isReady = true;
    wasReady = true;
    const inUseSince = identity.inUseSince === null ? null : new Date(identity.inUseSince);
    on.ready({ phone: identity.phone, lid: identity.lid, inUseSince });
  };

  const hearEnd = (reason: 'unlinked' | 'replaced' | 'link_timeout'): void => {
    isReady = false;
    line?.hangUp();
    line = null;
    if (reason !== 'unlinked') {
      end(reason);
      return;
    }
    sends.abandon('unlinked');
    void forgetLogin().finally(() => {
      // A left-over login that nobody counted on is no reason not to show a QR.
      if (expectLogin || wasReady) end('unlinked');
      else comeBack();
    });
  };

  /** Only the login that was refused: another instance may have linked the channel anew meanwhile. */
  const forgetLogin = async (): Promise<void> => {
    const refused = login;
    login = null;
    try {
      const kept = await deps.loginStore.load(channelId);
      if (kept && kept.device === refused?.device) await deps.loginStore.remove(channelId);
    } catch (error) {
      deps.logger.warn('A login that is worth nothing could not be deleted.', {
        channelId,
        reason: String(error),
      });
    }
  };

  const lose = (): void => {
    const wasUsable = isReady;
    isReady = false;
    showsQr = false;
    line = null;
    clearTimeout(silence);
    questions.abandon();
    if (sends.underWay > 0) {
      end('lost');
      return;
    }
    if (wasUsable) on.away();
    comeBack();
  };

  const comeBack = (): void => {
    if (isOver) return;
    const { sinceMs, attempts } = (trouble ??= { sinceMs: monotonicNowMs(), attempts: 0 });
    if (monotonicNowMs() - sinceMs >= deps.reconnectWithinMs) {
      end('lost');
      return;
    }
    trouble.attempts += 1;
    later(backoffMs(attempts + 1, deps.random), () => {
      dial().then(() => greet(true), comeBack);
    });
  };

  return {
    get isAlive() {
      return !isOver;
    },
    get isReady() {
      return isReady && line?.isOpen === true;
    },
    async whenWaiting(deadlineMs) {
      if (!showsQr && !isOver && login === null) {
        await new Promise<void>(resolve => {
          waiters.add(resolve);
          later(deadlineMs, resolve);
        });
      }
      return showsQr;
    },
    questions,
    sends,
    end,
    async open() {
      login = await loadLogin();
      await dial();
      // The caller gets its session before the first event.
      setImmediate(() => {
        if (isOver) return;
        if (expectLogin && !login) end('unlinked');
        else greet(false);
      });
    },
  };
}
