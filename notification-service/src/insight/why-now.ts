import type { ChannelDoc } from '../channels/index.ts';
import { whatsappStatusOf } from '../channels/index.ts';
import type { BrakesOf, Gate, PaceSettings, SendingSwitch } from '../delivery/index.ts';
import { channelGate, firstContactGate } from '../delivery/index.ts';
import type { EnrollmentDoc } from '../enrollments/index.ts';
import { RANK } from '../enrollments/index.ts';
import { asSaid } from './why-sentence.ts';
import type { SaidWhy } from './why-sentence.ts';

/** The world as far as it can hold a message back. */
export interface Circumstances {
  now: Date;
  sending: Pick<SendingSwitch, 'on' | 'reason'>;
  channel: ChannelHolding | null;
  memberCap: number;
  campaignStatus: string | null;
  pace: PaceSettings;
  brakesOf: BrakesOf;
}
export type ChannelHolding = Pick<
  ChannelDoc,
  'state' | 'stateReason' | 'pauses' | 'pace' | 'health' | 'linkedAt' | 'inUseSince'
>;

/**
 * Why the next message of this enrollment has not gone out, and when it is tried: what somebody switched off first,
 * since no time helps there, then the calendar, then what the last turn found out, then the channel's pace. Null once
 * the sequence has ended. Pure.
 */
export function whyNow(doc: EnrollmentDoc, world: Circumstances): SaidWhy | null {
  if (doc.status === 'ended') return null;
  if (doc.step.state === 'sending') return because('sending');
  return switchedOff(doc, world) ?? notYet(doc, world) ?? paced(doc, world) ?? itsTurn(doc, world);
}

const because = (
  code: SaidWhy['code'],
  nextAt: Date | null = null,
  detail: string | null = null,
): SaidWhy => ({
  code,
  detail,
  nextAt,
});

function switchedOff(
  doc: EnrollmentDoc,
  { sending, channel, campaignStatus }: Circumstances,
): SaidWhy | null {
  if (doc.held) return because('held');
  if (!sending.on) return because('emergency_stop', null, sending.reason);
  if (channel?.pauses.member === true || channel?.pauses.admin === true) return because('channel_paused');
  if (campaignStatus === 'paused') return because('campaign_paused');
  if (whatsappStatusOf(channel) !== 'connected') return because('channel_disconnected');
  return doc.step.state === 'unknown' ? because('unknown_open') : null;
}

/** The calendar, and what the last look at it found out, while that still lies ahead. */
function notYet({ step, why }: EnrollmentDoc, { now }: Circumstances): SaidWhy | null {
  if (why?.nextAt && why.nextAt > now) return asSaid(why);
  if (step.dueAt > now) return because('not_due', step.dueAt);
  if (step.tryAt && step.tryAt > now) return because(why?.code ?? 'retry_later', step.tryAt);
  return null;
}

function paced(
  doc: EnrollmentDoc,
  { channel, now, memberCap, pace, brakesOf }: Circumstances,
): SaidWhy | null {
  if (!channel) return null;
  const brakes = brakesOf(channel.health);
  const view = { channel, memberCap, now, settings: pace, brakes };
  const gates: Gate[] = [channelGate(view)];
  if (doc.step.rank === RANK.firstContact) gates.push(firstContactGate(view));
  const closed = gates
    .flatMap(gate => (gate.open ? [] : [gate]))
    .sort((a, b) => b.until.getTime() - a.until.getTime());
  return closed[0] ? because(closed[0].why, closed[0].until) : null;
}

const itsTurn = ({ step }: EnrollmentDoc, { now }: Circumstances): SaidWhy =>
  because('waiting_for_turn', step.dueAt > now ? step.dueAt : now);
