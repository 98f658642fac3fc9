import type { MediaKind } from '../channels/index.ts';
import { idOf } from '../platform/ids.ts';
import { defineModel } from '../platform/mongo.ts';

export const DAYS = [1, 2, 3, 4, 5, 6, 7] as const;

/** One attachment of a day, kept in our media store. Its address is made from its name when it is shown. */
export interface DayMedia {
  /** Decided by content. */
  type: MediaKind;
  /** The stored file's name. */
  filename: string;
  /** As the admin's file was called; a document shows it. */
  originalName: string;
  size: number;
  /** A language's code; null: every language. */
  language: string | null;
  /** Where it was fetched from, when it was given by address. */
  sourceUrl: string | null;
}

/** What one day says: texts by lower-case language code, and attachments in their order. */
export interface DayContent {
  messageTemplate: Record<string, string>;
  mediaUrls: DayMedia[];
}

export interface DayMessageDoc extends DayContent {
  /** Follows from the day: there is one message a day. */
  _id: string;
  dayNumber: number;
  variables: string[];
  active: boolean;
  updatedAt: Date;
  updatedBy: string;
}

/** Every state a day message was ever in, with who and when. */
export interface MessageVersionDoc extends Omit<DayMessageDoc, '_id'> {
  _id: string;
  messageId: string;
}

export const dayMessageIdOf = (day: number): string => idOf('day-message', String(day));

export const dayMessageModel = defineModel<DayMessageDoc>('messages', []);
export const messageVersionModel = defineModel<MessageVersionDoc>('message_versions', [
  { key: { messageId: 1, updatedAt: -1 } },
]);
