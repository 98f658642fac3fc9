import { monotonicNowMs, wallNowMs } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import type { TurnDeps, TurnSettings } from './turn.ts';

/** The settings of turns out of the configuration. */
export const turnSettings = (config: Config): TurnSettings => ({
  pace: {
    delayMs: config.RELANCE_MESSAGE_DELAY_MS,
    jitterMs: config.RELANCE_MESSAGE_JITTER_MS,
    waveSize: config.RELANCE_WAVE_SIZE,
    wavePauseMinutes: config.RELANCE_WAVE_PAUSE_MINUTES,
    maxPerDay: config.RELANCE_MAX_MESSAGES_PER_DAY,
    maxPerHour: config.RELANCE_MAX_MESSAGES_PER_HOUR,
    warmup: config.RELANCE_WARMUP,
    breakerFailures: config.RELANCE_BREAKER_FAILURES,
    breakerMinutes: config.RELANCE_BREAKER_MINUTES,
  },
  memberCapDefault: 50,
  paymentFreshnessMs: config.RELANCE_PAYMENT_FRESHNESS_MINUTES * 60_000,
  maxShiftDays: config.RELANCE_MAX_SHIFT_DAYS,
  sendRetries: config.RELANCE_SEND_RETRIES,
  sendingIsOn: config.RELANCE_SENDING,
});

/** Both of the machine's clocks. */
export const machineNow: TurnDeps['machineNow'] = () => ({
  monotonicMs: monotonicNowMs(),
  wallMs: wallNowMs(),
});

/** Waits calendar milliseconds, which are shorter on an accelerated calendar. */
export const pauseOn =
  (clock: Clock) =>
  (calendarMs: number): Promise<void> =>
    new Promise(resolve => setTimeout(resolve, calendarMs / clock.rate));
