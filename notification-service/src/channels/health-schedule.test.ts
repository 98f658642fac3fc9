import { describe, expect, it } from 'vitest';
import { channelGate, firstContactGate, paceAfter } from '../delivery/pace.ts';
import type { PaceSettings, PaceView } from '../delivery/pace.ts';
import type { HealthBand, Pace } from './channel-model.ts';
import { newPace } from './channel-model.ts';
import { brakesOf, nextHealth, scoreHealth, WARMUP_LEVELS_LOST } from './health.ts';
import type { HealthSignals } from './health.ts';
import { setBack, warmupAllowance, warmupLevel } from './warm-up.ts';

/** The score moves the schedule: the same pure decisions that a turn makes, over the health of a channel. */

const NOW = new Date('2026-03-10T12:00:00Z');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const settings: PaceSettings = {
  ...{ delayMs: 30_000, jitterMs: 0, waveSize: 10, wavePauseMinutes: { min: 5, max: 5 } },
  ...{ maxPerDay: 100, maxPerHour: 30, warmup: true, breakerFailures: 5, breakerMinutes: 15 },
};
const health = (band: HealthBand) => ({ score: 0, band, reasons: [], at: NOW, betterSince: null });
const view = (band: HealthBand, pace: Partial<Pace> = {}, ageDays = 3): PaceView => ({
  channel: {
    pace: { ...newPace(), ...pace },
    health: health(band),
    linkedAt: new Date(NOW.getTime() - ageDays * DAY),
    inUseSince: null,
  },
  ...{ memberCap: 50, now: NOW, settings, brakes: brakesOf(health(band)) },
});
const sends = (count: number, firstContact = true) =>
  Array.from({ length: count }, (_, i) => ({
    at: new Date(NOW.getTime() - (2 + (count - i) * 0.1) * 60 * MINUTE),
    campaignId: null,
    firstContact,
  }));
const gapAfterSend = (band: HealthBand): number => {
  const { channel, brakes } = view(band);
  const effect = {
    fenced: [{ at: NOW, campaignId: null, firstContact: true }],
    result: 'sent' as const,
    firstContactsAfter: null,
  };
  const { nextAllowedAt } = paceAfter({
    pace: channel.pace,
    effect,
    now: NOW,
    settings,
    brakes,
    random: () => 0,
  });
  return (nextAllowedAt?.getTime() ?? 0) - NOW.getTime();
};

describe('the band moves the next time by itself', () => {
  it.each<[HealthBand, number]>([
    ['healthy', 30_000],
    ['watch', 45_000],
    ['poor', 75_000],
  ])('%s: the next message after %i ms', (band, gapMs) => expect(gapAfterSend(band)).toBe(gapMs));

  it('first contacts: as warmed up, half of them, none', () => {
    const most = (band: HealthBand) => {
      let count = 0;
      while (count < 100 && firstContactGate(view(band, { sends: sends(count) })).open) count += 1;
      return count;
    };
    expect([most('healthy'), most('watch'), most('poor'), most('critical')]).toEqual([40, 20, 0, 0]);
  });

  it('the daily cap: as set, as set, half of it', () => {
    const isOpen = (band: HealthBand, count: number) =>
      channelGate(view(band, { sends: sends(count, false) })).open;
    expect([isOpen('healthy', 49), isOpen('healthy', 50)]).toEqual([true, false]);
    expect([isOpen('watch', 49), isOpen('watch', 50)]).toEqual([true, false]);
    expect([isOpen('poor', 24), isOpen('poor', 25)]).toEqual([true, false]);
  });

  it('critical rests', () => {
    expect(channelGate(view('critical'))).toMatchObject({ open: false, why: 'channel_resting' });
    expect(channelGate(view('poor')).open).toBe(true);
  });

  describe('after critical, two warm-up levels down', () => {
    /** First contacts on the day it leaves critical and on the days after. */
    const afterwards = (ageDays: number, cap = 50, before: Partial<Pace> = {}) => {
      const { channel } = view('healthy', before, ageDays);
      const warmupSince = setBack(channel, { now: NOW, levels: WARMUP_LEVELS_LOST, cap });
      return [0, 1, 2, 3].map(day => {
        const now = new Date(NOW.getTime() + day * DAY);
        return warmupAllowance(warmupLevel({ ...channel, pace: { warmupSince } }, now));
      });
    };

    it('a young number falls by two and goes on from there', () => {
      expect(afterwards(3)).toEqual([10, 20, 40, 60]);
      expect(afterwards(0)).toEqual([5, 5, 5, 10]);
    });

    it('an old number falls by two from where its cap bounds it, and is back in two days', () => {
      expect(afterwards(400)).toEqual([20, 40, 60, 80]);
      expect(afterwards(400, 100)).toEqual([60, 80, 100, 120]);
    });

    it('it adds up when it happens again, and is over when another number is linked', () => {
      const once = new Date(NOW.getTime() - 3 * DAY);
      expect(afterwards(400, 50, { warmupSince: once })[0]).toBe(10);
      expect(warmupLevel(view('healthy', { warmupSince: once }, 1).channel, NOW)).toBe(1);
    });

    it('the gate of first contacts knows it', () => {
      const warmupSince = new Date(NOW.getTime() - DAY);
      const isOpen = (count: number) =>
        firstContactGate(view('healthy', { warmupSince, sends: sends(count) }, 400)).open;
      expect([isOpen(9), isOpen(10)]).toEqual([true, false]);
    });
  });
});

describe('463 and 475', () => {
  const calm: HealthSignals = {
    ...{ tried: 100, refused: 0, stuck: 0, old: 100, undelivered: 0, people: 100, unanswered: 0, optOuts: 0 },
    ...{ lockedHoursAgo: null, capped: 0, disconnects: 0, unlinked: 0, unknowns: 0, banned: false },
  };
  const bandAfter = (signals: Partial<HealthSignals>): HealthBand =>
    nextHealth({ band: 'healthy', betterSince: null }, scoreHealth({ ...calm, ...signals }), NOW).band;

  it.each<[string, Partial<HealthSignals>]>([
    ['463', { lockedHoursAgo: 0 }],
    ['463 with what comes with it', { lockedHoursAgo: 0, unanswered: 100 }],
    ['475', { capped: 1 }],
    ['475 again and again', { capped: 5 }],
  ])('%s stops first contacts and keeps follow-ups', (_name, signals) => {
    const rested = view(bandAfter(signals), { firstContactsAfter: new Date(NOW.getTime() + DAY) });
    expect(firstContactGate(rested)).toMatchObject({ open: false, why: 'first_contacts_paused' });
    expect(channelGate(rested).open).toBe(true);
  });

  it('alone, none of them makes a channel rest', () => {
    expect(bandAfter({ lockedHoursAgo: 0 })).toBe('watch');
    expect(bandAfter({ capped: 5 })).toBe('watch');
  });
});
