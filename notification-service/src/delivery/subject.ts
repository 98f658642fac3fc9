import { createHash } from 'node:crypto';
import type { MediaKind, MessagePart, SubjectRef } from '../channels/index.ts';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import type { OutgoingDoc } from './outgoing-model.ts';

/** What a turn is about: both kinds carry the same step, so fence, recovery and reconcile are the same code. */
export type Subject = { kind: 'enrollment'; doc: EnrollmentDoc } | { kind: 'outgoing'; doc: OutgoingDoc };

const COLLECTION_OF = { enrollment: 'enrollments', outgoing: 'outgoing' } as const;

export const refOf = (subject: Subject): SubjectRef => ({ kind: subject.kind, id: subject.doc._id });
export const collectionOf = (ref: Pick<SubjectRef, 'kind'>): string => COLLECTION_OF[ref.kind];

/** Puts a document read from a subject's collection back into its kind. */
export const subjectFrom = (kind: SubjectRef['kind'], doc: EnrollmentDoc | OutgoingDoc): Subject =>
  ({ kind, doc }) as Subject;

/**
 * What a message is recognised by in a chat's history when its id is not known: its kind and text.
 * SHA-256, hex.
 */
export const bodyHashOf = (mediaKind: MediaKind | null, text: string): string =>
  createHash('sha256')
    .update(`${mediaKind ?? ''}\n${text}`)
    .digest('hex');

export const partHash = (part: MessagePart): string => bodyHashOf(part.media?.kind ?? null, part.text);
