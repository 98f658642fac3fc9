import type { Clock } from '../platform/clock.ts';
import type { Db } from '../platform/mongo.ts';

/** One switch for the whole platform, read before every fence. It stops nothing that is on the wire already. */
export interface SendingSwitch {
  on: boolean;
  reason: string | null;
  by: string | null;
  at: Date | null;
}

interface SwitchDoc extends SendingSwitch {
  _id: 'sending';
}

/** `configured` is RELANCE_SENDING: off there is off, whatever the store says. */
export async function readSendingSwitch(db: Db, configured: boolean): Promise<SendingSwitch> {
  if (!configured)
    return {
      on: false,
      reason: 'Sending is switched off in the configuration (RELANCE_SENDING).',
      by: null,
      at: null,
    };
  const stored = await db.collection<SwitchDoc>('platform').findOne({ _id: 'sending' });
  return stored
    ? { on: stored.on, reason: stored.reason, by: stored.by, at: stored.at }
    : { on: true, reason: null, by: null, at: null };
}

/** Turns sending off or on for everybody; returns what it was before. */
export async function setSendingSwitch(
  db: Db,
  clock: Clock,
  set: { on: boolean; reason: string | null; by: string },
): Promise<SendingSwitch | null> {
  return db
    .collection<SwitchDoc>('platform')
    .findOneAndUpdate(
      { _id: 'sending' },
      { $set: { ...set, at: clock.now() } },
      { upsert: true, returnDocument: 'before' },
    );
}
