import type { PersonDoc } from '../enrollments/index.ts';
import { personKeys } from '../enrollments/index.ts';
import type { DocStore } from '../platform/doc-store.ts';
import type { Subject } from './subject.ts';

/** What is remembered about the person a subject writes to, by both keys, in one read. */
export function readPeople(subject: Subject, { store }: { store: DocStore }): Promise<PersonDoc[]> {
  const referral = subject.kind === 'enrollment' ? subject.doc.referralUserId : null;
  const ids = personKeys(referral, subject.doc.phoneHash);
  return store.find<PersonDoc>('people', { _id: { $in: ids } }, { limit: ids.length });
}
