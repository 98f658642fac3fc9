import type { ClosedReason } from './transport.ts';

/** What a closed session means for the member: one sentence, and whether only a human can go on. */
export interface ClosedMeaning {
  sentence: string;
  /** The host opens it again by itself. */
  reopens: boolean;
  /** The stored login is worth nothing any more. */
  loginLost: boolean;
}

const stops = (sentence: string): ClosedMeaning => ({ sentence, reopens: false, loginLost: false });
const reopens = (sentence: string): ClosedMeaning => ({ sentence, reopens: true, loginLost: false });

export const CLOSED_MEANING: Record<ClosedReason, ClosedMeaning> = {
  closed: stops('WhatsApp is disconnected.'),
  crashed: reopens('The connection to WhatsApp broke. It is being opened again.'),
  hung: reopens('The connection to WhatsApp stood still. It is being opened again.'),
  lost: reopens('The connection to WhatsApp was lost. It is being opened again.'),
  link_timeout: stops('Nobody scanned the code in time. Ask for a new one when you are ready.'),
  unlinked: {
    sentence: 'WhatsApp was unlinked on the phone. Connect again by scanning a new code.',
    reopens: false,
    loginLost: true,
  },
  replaced: stops('Another browser has taken over this WhatsApp. Close it there, then connect again.'),
  banned: stops('WhatsApp has blocked this number. Open WhatsApp on the phone and follow what it says.'),
  blocked: stops('WhatsApp refuses our network at the moment. Our team has to look at it.'),
  outdated: stops('WhatsApp asks for an update. Our team has to look at it.'),
  passkey_required: stops('WhatsApp asks for a passkey on the phone. Confirm it there, then connect again.'),
};

export const OTHER_MEMBERS_NUMBER =
  'This WhatsApp number is already connected to another account. Disconnect it there first, or use another number.';

export const NOT_REACHED = 'WhatsApp could not be reached. Please try again.';

export const GIVEN_UP = 'The connection to WhatsApp could not be opened again. Please connect once more.';
