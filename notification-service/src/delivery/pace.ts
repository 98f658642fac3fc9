import { warmupAllowance, warmupLevel } from '../channels/index.ts';
import type { ChannelDoc, ChannelHealth, Pace, PaceEntry } from '../channels/index.ts';
import type { WhyCode } from '../enrollments/index.ts';
import type { Random } from '../platform/random.ts';

/**
 * The pace of a channel: pure decisions over its document. It is moved only when a turn ends, so it survives restarts
 * and holds across instances. All of it is calendar time.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface PaceSettings {
  delayMs: number;
  jitterMs: number;
  waveSize: number;
  wavePauseMinutes: { min: number; max: number };
  maxPerDay: number;
  maxPerHour: number;
  warmup: boolean;
  breakerFailures: number;
  breakerMinutes: number;
}

/** What the health score does to the schedule by itself. */
export interface Brakes {
  gapFactor: number;
  capFactor: number;
  firstContactFactor: number;
  firstContactsAllowed: boolean;
  rest: boolean;
}
export type BrakesOf = (health: ChannelHealth) => Brakes;

export type Gate = { open: true } | { open: false; until: Date; why: WhyCode };

const OPEN: Gate = { open: true };
const later = (until: number, why: WhyCode): Gate => ({ open: false, until: new Date(until), why });

export interface PaceView {
  channel: Pick<ChannelDoc, 'pace' | 'health' | 'linkedAt' | 'inUseSince'>;
  /** The member's own cap, 1–100. */
  memberCap: number;
  now: Date;
  settings: PaceSettings;
  brakes: Brakes;
}

/** Whether the channel may send anything at all now; else when. The strictest brake counts. */
export function channelGate(view: PaceView): Gate {
  const { pace } = view.channel;
  const now = view.now.getTime();
  const gates: Gate[] = [
    ...(view.brakes.rest ? [later(now + HOUR, 'channel_resting')] : []),
    ...(pace.restUntil && pace.restUntil.getTime() > now
      ? [later(pace.restUntil.getTime(), 'channel_resting')]
      : []),
    ...(pace.nextAllowedAt && pace.nextAllowedAt.getTime() > now
      ? [later(pace.nextAllowedAt.getTime(), 'waiting_for_turn')]
      : []),
    rolling(pace.sends, now, DAY, capOf(view), 'daily_cap'),
    rolling(pace.sends, now, HOUR, view.settings.maxPerHour, 'hourly_cap'),
  ];
  return strictest(gates);
}

/** Whether somebody who was never written to may be, as far as the channel goes; else when. */
export function firstContactGate(view: PaceView): Gate {
  const { pace } = view.channel;
  const now = view.now.getTime();
  if (!view.brakes.firstContactsAllowed) return later(now + HOUR, 'first_contacts_paused');
  const gates: Gate[] = [];
  if (pace.firstContactsAfter && pace.firstContactsAfter.getTime() > now) {
    gates.push(later(pace.firstContactsAfter.getTime(), 'first_contacts_paused'));
  }
  const allowance = firstContactsPerDay(view);
  if (allowance !== null) {
    gates.push(
      rolling(
        pace.sends.filter(send => send.firstContact),
        now,
        DAY,
        allowance,
        'warm_up',
      ),
    );
  }
  return strictest(gates);
}

function strictest(gates: Gate[]): Gate {
  let result: Gate = OPEN;
  for (const gate of gates) if (!gate.open && (result.open || gate.until > result.until)) result = gate;
  return result;
}

/** `cap` within any `spanMs`: closed until the oldest of the last `cap` sends leaves the span. */
function rolling(
  sends: readonly PaceEntry[],
  nowMs: number,
  spanMs: number,
  cap: number,
  why: WhyCode,
): Gate {
  const within = sends.filter(send => send.at.getTime() > nowMs - spanMs);
  if (within.length < cap) return OPEN;
  const leaves = within[within.length - cap];
  return leaves === undefined ? later(nowMs + spanMs, why) : later(leaves.at.getTime() + spanMs, why);
}

function capOf(view: PaceView): number {
  const cap = Math.min(view.memberCap, view.settings.maxPerDay);
  return Math.max(1, Math.floor(cap * view.brakes.capFactor));
}

/** Null: warm-up is off, and the health brake does not count either. */
function firstContactsPerDay(view: PaceView): number | null {
  const { settings, brakes, channel } = view;
  const braked = (allowance: number) => Math.max(1, Math.floor(allowance * brakes.firstContactFactor));
  if (!settings.warmup) return brakes.firstContactFactor < 1 ? braked(capOf(view)) : null;
  return braked(warmupAllowance(warmupLevel(channel, view.now)));
}

/** What a turn did to the channel, as its end (or recovery in its stead) records it. */
export interface TurnEffect {
  /** Every part that was fenced, also when it came to nothing or to an unknown: slots are never fewer than deliveries. */
  fenced: PaceEntry[];
  result: 'sent' | 'failed' | 'unknown' | 'nothing';
  firstContactsAfter: Date | null;
}

export function paceAfter(args: {
  pace: Pace;
  effect: TurnEffect;
  now: Date;
  settings: PaceSettings;
  brakes: Brakes;
  random: Random;
}): Pace {
  const { pace, effect, settings, brakes, random } = args;
  const now = args.now.getTime();
  const firstContactsAfter = latest(pace.firstContactsAfter, effect.firstContactsAfter);
  if (effect.fenced.length === 0 && effect.result === 'nothing') return { ...pace, firstContactsAfter };
  const failed = effect.result === 'failed' || effect.result === 'unknown';
  const failuresInRow = failed ? pace.failuresInRow + 1 : effect.result === 'sent' ? 0 : pace.failuresInRow;
  const broken = failuresInRow >= settings.breakerFailures;
  const wave = pace.wave + effect.fenced.length;
  const waveOver = wave >= settings.waveSize;
  const gapMs = (settings.delayMs + random() * settings.jitterMs) * brakes.gapFactor;
  const { min, max } = settings.wavePauseMinutes;
  const restMs = waveOver ? (min + random() * (max - min)) * MINUTE : 0;
  return {
    ...pace,
    sends: [...pace.sends.filter(send => send.at.getTime() > now - DAY), ...effect.fenced],
    wave: waveOver ? 0 : wave,
    nextAllowedAt: new Date(Math.ceil(now + Math.max(gapMs, restMs))),
    failuresInRow: broken ? 0 : failuresInRow,
    restUntil: broken ? new Date(now + settings.breakerMinutes * MINUTE) : pace.restUntil,
    restReason: broken ? `${settings.breakerFailures} messages in a row did not go out` : pace.restReason,
    firstContactsAfter,
  };
}

const latest = (a: Date | null, b: Date | null): Date | null =>
  a === null ? b : b === null ? a : a > b ? a : b;
