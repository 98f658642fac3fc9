import type { LinkedIdentity, OpenSession } from '../../channels/transport.ts';
import type { Clock } from '../../platform/clock.ts';
import { takeInBacklog } from './backlog.ts';
import { watchConnecting } from './connecting.ts';
import type { Deadlines } from './deadlines.ts';
import { ENDINGS, endingOfStart, endingOfState, isPassing, pageChanged, type Ending } from './endings.ts';
import { isPageGone, whatWasThrown, within } from './failures.ts';
import { createHearing, type Hearing } from './hearing.ts';
import { phoneOf } from './message-ids.ts';
import { NEEDED_TO_BE_READY } from './module-needs.ts';
import { createPageClient, type PageClient, type PageClientOptions, type PageEvents } from './page-client.ts';
import { answerTo, KEEP_ANSWERS, missingModules, SNAPSHOT } from './page-scripts.ts';
import { stopClient } from './stop-client.ts';
import { createSends, refusalForCode, type Sends } from './sends.ts';
import { superviseLife } from './supervise.ts';

export interface CoreDeps {
  deadlines: Deadlines;
  clock: Clock;
  logger: {
    info(message: string, fields: Record<string, unknown>): unknown;
    warn(message: string, fields: Record<string, unknown>): unknown;
  };
  /** Waits for its turn to start a browser; the answer gives the turn back. */
  startTurn(): Promise<() => void>;
  clientOptions: Omit<PageClientOptions, 'dir' | 'signal'>;
  /** Since when messages may not have been taken in yet. */
  takenInUntil: Date;
}

const LATE_MS = 10 * 60_000;
const LATE_REAL_MS = 30_000;
/** A page that has come so far as to miss something says so at once. */
const MISSING_MS = 3_000;

/** What a session leaves behind. */
export interface LeftBehind {
  /** Whether its profile holds a login that is worth keeping. */
  hasLogin: boolean;
  /** Everything before this was taken in. Calendar time. */
  takenInUntil: Date;
}

/** What the page says of itself. */
export interface Snapshot {
  state: string | null;
  hasSynced: boolean;
  isHeard: boolean;
  phone: string | null;
  lid: string | null;
}

/** The live side of one session: one browser, one page, one client, and the one end of all three. */
export interface Core {
  readonly client: PageClient;
  readonly isAlive: boolean;
  readonly isReady: boolean;
  readonly isLinking: boolean;
  readonly identity: LinkedIdentity | null;
  readonly sends: Sends;
  /** One question to the page, never for longer than its deadline. */
  ask<T>(question: (client: PageClient) => Promise<T>, deadlineMs?: number): Promise<T>;
  snapshot(deadlineMs: number): Promise<Snapshot>;
  /** Resolves true once a code is shown; false when the session or this deadline is over first. */
  whenLinking(deadlineMs: number): Promise<boolean>;
  /** Something came from WhatsApp's server: it is there. */
  moved(): void;
  readonly quietSinceMs: number;
  /** From here on WhatsApp's farewell is what we asked for. */
  leave(): void;
  /** Idempotent; resolves when nothing of the session runs any more. */
  end(ending: Ending): Promise<void>;
}

/** Begins the session at once and in the background. `onOver` runs when its browser is gone, before `closed` is told. */
export function startCore(
  deps: CoreDeps,
  args: OpenSession,
  dir: string,
  monotonicMs: () => number,
  onOver: (left: LeftBehind) => Promise<void>,
): Core {
  const { deadlines, logger } = deps;
  const { channelId, expectLogin, on } = args;
  const abort = new AbortController();
  const waiters = new Set<() => void>();
  const stops: (() => void)[] = [];
  let initializing: Promise<void> = Promise.resolve();
  let ended: Promise<void> | null = null;
  let isReady = false;
  let isBecomingReady = false;
  let showsCode = false;
  let hasSaidLinking = false;
  let isLoggedIn = expectLogin;
  let identity: LinkedIdentity | null = null;
  let quietSinceMs = monotonicMs();
  let takenInUntil = deps.takenInUntil;
  let isLeaving = false;

  const end = (ending: Ending): Promise<void> => {
    ended ??= finish(ending);
    return ended;
  };

  async function finish(ending: Ending): Promise<void> {
    if (isReady) noteTakenIn();
    isReady = false;
    showsCode = false;
    for (const waiter of waiters) waiter();
    for (const stop of stops) stop();
    sends.abandon(ending.reason);
    if (ending.reason !== 'closed') logger.warn(ending.sentence, { channelId, ...ending });
    await stopClient({ client, abort, initializing, profileDir: `${dir}/session`, deadlines });
    await hearing.settled();
    const hasLogin = isLoggedIn && !isLeaving && ending.reason !== 'unlinked';
    await onOver({ hasLogin, takenInUntil }).catch((error: unknown) => {
      logger.warn('What a session had left could not be put away.', {
        channelId,
        error: whatWasThrown(error),
      });
    });
    on.closed(ending.reason);
  }

  const sends = createSends(async messageId => {
    // The answer with the code comes just after the ack.
    for (let tries = 0; tries < 10; tries += 1) {
      const answer = await ask(one => one.evaluate<{ code: unknown } | null>(answerTo(messageId))).catch(
        () => null,
      );
      if (answer) return refusalForCode(answer.code);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    return 'refused';
  });

  const pageEvents: PageEvents = {
    launched: () => undefined,
    qr: text => showCode(text),
    code: () => undefined,
    authenticated: () => sayLinking(),
    ready: () => void becomeReady(),
    loading: () => sayLinking(),
    state: state => hearState(state),
    disconnected: reason => hearEnd(reason),
    message: message => hearing.message(message),
    ack: (message, ack) => hearing.ack(message, ack),
    edited: (message, text) => hearing.edited(message, text),
    deleted: message => hearing.deleted(message),
    reaction: reaction => hearing.reaction(reaction),
    call: call => hearing.call(call),
    injectionFailed: error => void failedToBegin(error),
    navigated: () => beAway(),
    browserGone: () => void end(ENDINGS.browserGone),
    pageCrashed: () => void end(ENDINGS.pageCrashed),
    listenerFailed: error =>
      logger.warn('News of WhatsApp could not be handed on.', { channelId, error: whatWasThrown(error) }),
  };
  const client = createPageClient(
    { ...deps.clientOptions, dir, signal: abort.signal },
    whileOpen(pageEvents),
  );
  const hearing: Hearing = createHearing({
    ...{ on, clock: deps.clock, logger, channelId, sends },
    lidAndPhone: id => ask(one => one.lidAndPhone(id)),
    moved: () => core.moved(),
  });

  /** A session that is over does not listen any more. */
  function whileOpen(events: PageEvents): PageEvents {
    const open: [string, (...parts: never[]) => unknown][] = Object.entries(events).map(
      ([name, listener]) => [
        name,
        (...parts: never[]): unknown =>
          ended ? undefined : (listener as (...all: never[]) => unknown)(...parts),
      ],
    );
    return Object.fromEntries(open) as unknown as PageEvents;
  }

  const ask: Core['ask'] = (question, deadlineMs = deadlines.callMs) =>
    within(deadlineMs, question(client), 'WhatsApp Web did not answer in time.');

  const core: Core = {
    client,
    sends,
    ask,
    end,
    get isAlive() {
      return ended === null;
    },
    get isReady() {
      return isReady && ended === null;
    },
    get isLinking() {
      return showsCode;
    },
    get identity() {
      return identity;
    },
    snapshot: deadlineMs => ask(one => one.evaluate<Snapshot>(SNAPSHOT), deadlineMs),
    async whenLinking(deadlineMs) {
      if (!showsCode && !ended && !isLoggedIn) {
        await new Promise<void>(resolve => {
          const timer = setTimeout(resolve, deadlineMs);
          waiters.add(() => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
      return showsCode;
    },
    moved: () => {
      quietSinceMs = monotonicMs();
    },
    get quietSinceMs() {
      return quietSinceMs;
    },
    leave: () => {
      isLeaving = true;
    },
  };

  function showCode(text: string): void {
    if (isLoggedIn) {
      void end(ENDINGS.unlinked);
      return;
    }
    const isFirst = !showsCode;
    showsCode = true;
    connecting.qrShown();
    for (const waiter of waiters) waiter();
    on.qr(text, isFirst ? deadlines.firstQrLifeMs : deadlines.qrLifeMs);
  }

  function sayLinking(): void {
    if (expectLogin || hasSaidLinking) return;
    hasSaidLinking = true;
    isLoggedIn = true;
    showsCode = false;
    connecting.linkBegun();
    on.linking();
  }

  /** Some messages come late, and what had just come may not have been handed on. */
  function noteTakenIn(): void {
    const marginMs = Math.max(LATE_MS, LATE_REAL_MS * deps.clock.rate);
    takenInUntil = new Date(deps.clock.now().getTime() - marginMs);
  }

  function hearState(state: string): void {
    core.moved();
    if (state === 'CONNECTED') void becomeReady();
    else if (isPassing(state)) beAway();
  }

  function beAway(): void {
    if (!isReady) return;
    noteTakenIn();
    isReady = false;
    if (sends.underWay > 0) {
      void end(ENDINGS.away);
      return;
    }
    on.away();
    connecting.lost();
  }

  function hearEnd(reason: string): void {
    if (isLeaving) void end(ENDINGS.closed);
    else if (reason === 'Max qrcode retries reached') void end(ENDINGS.linkTimeout);
    else void end(endingOfState(reason) ?? ENDINGS.away);
  }

  /** `ready` comes again and again, and after a lost connection it does not come at all. */
  async function becomeReady(): Promise<void> {
    if (isReady || isBecomingReady || ended) return;
    isBecomingReady = true;
    try {
      const now = await core.snapshot(deadlines.callMs);
      const phone = phoneOf(now.phone);
      if (now.state !== 'CONNECTED' || !now.isHeard || phone === null) return;
      // The library says "ready" also when it could not begin to listen, once it is told again that the page has synced.
      const missing = await ask(one => one.evaluate<string[]>(missingModules(NEEDED_TO_BE_READY)));
      if (missing.length > 0) return;
      await ask(one => one.evaluate(KEEP_ANSWERS)).catch((error: unknown) => {
        logger.warn('WhatsApp will not say why it refuses a message.', {
          channelId,
          error: whatWasThrown(error),
        });
      });
      await takeInBacklog({ ask, hearing, since: takenInUntil });
      await hearing.settled();
      if (core.isAlive) sayReady({ phone, lid: now.lid, inUseSince: null });
    } catch (error) {
      logger.warn('WhatsApp Web is connected but could not be looked through yet.', {
        channelId,
        error: whatWasThrown(error),
      });
    } finally {
      isBecomingReady = false;
    }
  }

  function sayReady(known: LinkedIdentity): void {
    isReady = true;
    noteTakenIn();
    isLoggedIn = true;
    identity = known;
    connecting.stop();
    core.moved();
    on.ready(known);
  }

  /** The library could not begin, or not begin again: what is missing in the page says more than its error. */
  async function failedToBegin(error: unknown): Promise<void> {
    if (ended) return;
    const missing = isPageGone(error)
      ? []
      : await ask(
          one => one.evaluate<string[]>(missingModules(NEEDED_TO_BE_READY)),
          Math.min(deadlines.heartbeatLimitMs, MISSING_MS),
        ).catch(() => []);
    const all = missing.length === NEEDED_TO_BE_READY.length;
    await end(missing.length > 0 && !all ? pageChanged(missing) : endingOfStart(error));
  }

  const connecting = watchConnecting({
    deadlines,
    monotonicMs,
    core,
    reconcile: () => void becomeReady(),
    linking: () => sayLinking(),
    /** Not ready in time: by a page that has changed, or that hangs. */
    tooLong: () => void (identity ? end(ENDINGS.away) : failedToBegin('ready timeout')),
    linkTimeout: () => void end(ENDINGS.linkTimeout),
  });
  stops.push(connecting.stop, superviseLife({ core, deadlines, monotonicMs, ended: () => ended !== null }));

  initializing = begin();
  initializing.catch(() => undefined);

  /** One browser after the other starts. */
  async function begin(): Promise<void> {
    const giveBack = await deps.startTurn();
    try {
      if (ended) return;
      await client.initialize();
    } catch (error) {
      if (ended) return;
      void failedToBegin(error);
    } finally {
      giveBack();
    }
  }

  return core;
}
