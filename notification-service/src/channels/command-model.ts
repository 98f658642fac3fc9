import { defineModel } from '../platform/mongo.ts';

/** What is asked of a session, which only its host can do. Taken by compare-and-set, so done at most once. */
export type CommandRequest =
  /** Open the channel: answers with a QR of at least `qrLeftMs`, or that it is connected. */
  | { kind: 'connect'; qrLeftMs: number }
  | { kind: 'pairing_code'; phone: string }
  | { kind: 'disconnect'; force: boolean };

export interface CommandDoc {
  _id: string;
  channelId: string;
  request: CommandRequest;
  /** By the database's clock. */
  createdAt: Date;
  takenBy: string | null;
  /** How often it was passed on to another instance. */
  passedOn: number;
}

export type CommandAnswer =
  | { kind: 'qr'; text: string; validForMs: number }
  | { kind: 'connected' }
  | { kind: 'pairing_code'; code: string }
  | { kind: 'done'; unlinked: boolean }
  /** Every session slot of this instance is busy. */
  | { kind: 'no_capacity' }
  | { kind: 'failed'; reason: string; sentence: string };

export const commandModel = defineModel<CommandDoc>('commands', [
  { key: { createdAt: 1 }, expireAfterSeconds: 600 },
]);
