import { newId } from '../platform/ids.ts';
import { defineModel } from '../platform/mongo.ts';
import type { Db } from '../platform/mongo.ts';

/** Connects, disconnects, and why. */
export interface ConnectionHistoryDoc {
  _id: string;
  channelId: string;
  memberId: string;
  event: 'qr' | 'connected' | 'closed' | 'disconnected' | 'reset' | 'cooldown' | 'refused';
  reason: string | null;
  /** Calendar time. */
  at: Date;
}

export const connectionHistoryModel = defineModel<ConnectionHistoryDoc>('connection_history', [
  { key: { memberId: 1, at: -1 } },
  { key: { channelId: 1, event: 1, at: -1 } },
]);

export type NoteConnection = (entry: Omit<ConnectionHistoryDoc, '_id'>) => Promise<void>;

export const connectionNotes =
  (db: Db): NoteConnection =>
  async entry => {
    await db.collection<ConnectionHistoryDoc>('connection_history').insertOne({ _id: newId(), ...entry });
  };

/** The latest first. */
export const connectionHistoryOf = (db: Db, memberId: string, limit = 100): Promise<ConnectionHistoryDoc[]> =>
  db
    .collection<ConnectionHistoryDoc>('connection_history')
    .find({ memberId })
    .sort({ at: -1 })
    .limit(limit)
    .toArray();
