import { defineModel } from '../platform/mongo.ts';
import type { ExitResult } from './exit-steps.ts';

/** The first answer to an event of the payment service: asked again within 24 hours, it is given again. */
export interface ExitEventDoc {
  /** The caller's event id. */
  _id: string;
  answer: Pick<ExitResult, 'outcome' | 'enrollments'>;
  /** The database's clock. */
  at: Date;
}

export const exitEventModel = defineModel<ExitEventDoc>('exit_events', [
  { key: { at: 1 }, expireAfterSeconds: 24 * 60 * 60 },
]);
