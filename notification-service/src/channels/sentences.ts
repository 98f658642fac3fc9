import type { ClosedReason } from './transport.ts';

/** What a closed session means for the member: one sentence, and whether only a human can go on. */
export interface ClosedMeaning {
  sentence: string;
  /** The host opens it again by itself. */
  reopens: boolean;
  /** The stored login is worth nothing any more. */
  loginLost: boolean;
}

export const CLOSED_MEANING: Record<ClosedReason, ClosedMeaning> = {
  closed: { sentence: 'WhatsApp is disconnected.', reopens: false, loginLost: false },
  crashed: { sentence: 'The connection to WhatsApp broke. It is being opened again.', reopens: true, loginLost: false },
  hung: { sentence: 'The connection to WhatsApp stood still. It is being opened again.', reopens: true, loginLost: false },
  lost: { sentence: 'The connection to WhatsApp was lost. It is being opened again.', reopens: true, loginLost: false },
  link_timeout: { sentence: 'Nobody scanned the code in time. Ask for a new one when you are ready.', reopens: false, loginLost: false },
  unlinked: { sentence: 'WhatsApp was unlinked on the phone. Connect again by scanning a new code.', reopens: false, loginLost: true },
  replaced: { sentence: 'Another browser has taken over this WhatsApp. Close it there, then connect again.', reopens: false, loginLost: false },
  banned: { sentence: 'WhatsApp has blocked this number. Open WhatsApp on the phone and follow what it says.', reopens: false, loginLost: false },
  blocked: { sentence: 'WhatsApp refuses our network at the moment. Our team has to look at it.', reopens: false, loginLost: false },
  outdated: { sentence: 'WhatsApp asks for an update. Our team has to look at it.', reopens: false, loginLost: false },
  passkey_required: { sentence: 'WhatsApp asks for a passkey on the phone. Confirm it there, then connect again.', reopens: false, loginLost: false },
};

export const OTHER_MEMBERS_NUMBER =
  'This WhatsApp number is already connected to another account. Disconnect it there first, or use another number.';
