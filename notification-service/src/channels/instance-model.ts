import { defineModel } from '../platform/mongo.ts';

/** A running process with the `sender` role. All instants are the database's clock. */
export interface InstanceDoc {
  _id: string;
  startedAt: Date;
  heartbeatAt: Date;
  /** Sessions it had room for at its last heartbeat. */
  free: number;
  /** Set by another instance that took this one for dead; its renewals fail from then on. */
  deadAt?: Date;
}

export const instanceModel = defineModel<InstanceDoc>('instances', []);
