import type { ClosedReason } from '../../channels/transport.ts';
import { whatWasThrown } from './failures.ts';

/** Why a session ended, for programs and for people. */
export interface Ending {
  reason: ClosedReason;
  sentence: string;
  nextStep: string;
}

/** WhatsApp Web's own states that end a session, and what each means. Never a reason to delete a login. */
const STATES: Record<string, Ending> = {
  CONFLICT: ending(
    'replaced',
    'Another browser has taken over this WhatsApp.',
    'Close it there, then connect again.',
  ),
  UNPAIRED: ending('unlinked', 'The phone has removed this device.', 'Scan a new code.'),
  UNPAIRED_IDLE: ending('unlinked', 'The phone has removed this device.', 'Scan a new code.'),
  LOGOUT: ending('unlinked', 'The phone has removed this device.', 'Scan a new code.'),
  TOS_BLOCK: ending(
    'banned',
    'WhatsApp has blocked this number.',
    'Open WhatsApp on the phone and follow what it says.',
  ),
  SMB_TOS_BLOCK: ending(
    'banned',
    'WhatsApp has blocked this business number.',
    'Open WhatsApp on the phone and follow what it says.',
  ),
  PROXYBLOCK: ending('blocked', 'WhatsApp refuses this network.', 'Use another way out to the internet.'),
  DEPRECATED_VERSION: ending(
    'outdated',
    'WhatsApp asks for an update.',
    'Unpin the version of WhatsApp Web, or update the service.',
  ),
  UNLAUNCHED: ending('hung', 'WhatsApp Web did not start.', 'None; it is opened again.'),
};

/** States in which the connection is only away for the moment. */
const PASSING = new Set(['OPENING', 'PAIRING', 'TIMEOUT']);

/** What a state of WhatsApp Web means; null when the session goes on. */
export function endingOfState(state: string): Ending | null {
  if (state === 'CONNECTED' || PASSING.has(state)) return null;
  if (/PASSKEY/i.test(state)) {
    return ending(
      'passkey_required',
      'WhatsApp asks for a passkey on the phone.',
      'Confirm it there, then connect again.',
    );
  }
  return (
    STATES[state] ??
    ending('hung', `WhatsApp Web is in a state that is not known: ${state}.`, 'None; it is opened again.')
  );
}

export const isPassing = (state: string): boolean => PASSING.has(state);

/** What it means that the library could not begin: it rejects with errors and with plain strings. */
export function endingOfStart(error: unknown): Ending {
  const text = whatWasThrown(error);
  if (text === 'auth timeout' || text === 'ready timeout' || /timed out/i.test(text)) {
    return ending('hung', 'WhatsApp Web did not finish loading.', 'None; it is opened again.');
  }
  if (/passkey/i.test(text)) {
    return ending(
      'passkey_required',
      'WhatsApp asks for a passkey on the phone.',
      'Confirm it there, then connect again.',
    );
  }
  if (/net::ERR_|ERR_NAME|ERR_INTERNET|ERR_CERT/.test(text)) {
    return ending('lost', 'WhatsApp Web could not be reached.', 'None; it is opened again.');
  }
  return ending('crashed', `WhatsApp Web could not be started: ${text}`, 'None; it is opened again.');
}

export const ENDINGS = {
  closed: ending('closed', 'The session was closed.', 'None.'),
  browserGone: ending('crashed', 'The browser has ended by itself.', 'None; it is opened again.'),
  pageCrashed: ending('crashed', 'The page has crashed.', 'None; it is opened again.'),
  silent: ending('hung', 'The page does not answer any more.', 'None; it is opened again.'),
  startTooLong: ending('hung', 'WhatsApp Web did not become ready in time.', 'None; it is opened again.'),
  dead: ending(
    'hung',
    'WhatsApp Web says that it is connected, but nothing moves.',
    'None; it is opened again.',
  ),
  tooLarge: ending('hung', 'The page has taken too much memory.', 'None; it is opened again.'),
  away: ending('lost', 'The connection to WhatsApp did not come back.', 'None; it is opened again.'),
  linkTimeout: ending('link_timeout', 'Nobody scanned the code in time.', 'Ask for a new code.'),
  unlinked: ending('unlinked', 'The phone has removed this device.', 'Scan a new code.'),
} as const;

/** WhatsApp has changed its page: what we need is not there, and opening it again would not help. */
export const pageChanged = (missing: readonly string[]): Ending =>
  ending(
    'outdated',
    `WhatsApp Web has changed: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing.`,
    'Pin a version of WhatsApp Web that is known to work, or update the service.',
  );

function ending(reason: ClosedReason, sentence: string, nextStep: string): Ending {
  return { reason, sentence, nextStep };
}
