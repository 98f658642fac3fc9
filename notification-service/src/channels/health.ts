import type { ChannelHealth, HealthBand } from './channel-model.ts';

/**
 * How well a channel is doing, and what the schedule does about it by itself. Pure: the signals are gathered by
 * gather-signals.ts. All of it is calendar time.
 */

/** What happened to one channel; each period ends now. */
export interface HealthSignals {
  /** 24 h: sends that reached the wire, whatever came of them. */
  tried: number;
  /** 24 h: of these, refused by WhatsApp's server (463 and 475 too). */
  refused: number;
  /** 24 h: left more than 10 minutes ago, and the server never took them. */
  stuck: number;
  /** Sent 24–72 h ago, and how many of these were never delivered. */
  old: number;
  undelivered: number;
  /** 7 d: people written to; of these, with two messages or more and no answer; who asked not to be written to. */
  people: number;
  unanswered: number;
  optOuts: number;
  /** The last reach-out lock (463) within 72 h. */
  lockedHoursAgo: number | null;
  /** 7 d: how often new chats were capped (475). */
  capped: number;
  /** 24 h. */
  disconnects: number;
  /** 7 d. */
  unlinked: number;
  /** Messages of which nobody knows yet whether they went out. */
  unknowns: number;
  banned: boolean;
}

export type HealthReason = ChannelHealth['reasons'][number];

/** 100 less the points of every deduction, never below 0; each deduction says its reason in one sentence. */
export function scoreHealth(signals: HealthSignals): { score: number; reasons: HealthReason[] } {
  const reasons = deductions(signals)
    .map(({ points, ...rest }) => ({ ...rest, points: Math.round(points) }))
    .filter(({ points }) => points > 0)
    .map(({ code, points, words }) => ({ code, points, sentence: `${words} (−${points})` }));
  const lost = reasons.reduce((sum, { points }) => sum + points, 0);
  return { score: Math.max(0, 100 - lost), reasons };
}

interface Deduction {
  code: string;
  points: number;
  words: string;
}

const LOCK_FADES_HOURS = 72;

function deductions(s: HealthSignals): Deduction[] {
  const fading = s.lockedHoursAgo === null ? 0 : 1 - s.lockedHoursAgo / LOCK_FADES_HOURS;
  return [
    {
      code: 'refused',
      points: share(s.refused, s.tried, { n: 10, factor: 100, free: 0.02, most: 25 }),
      words: `${s.refused} of ${s.tried} messages were refused today`,
    },
    {
      code: 'stuck',
      points: Math.min(20, 4 * s.stuck),
      words: `${count(s.stuck, 'message')} of today did not reach WhatsApp within 10 minutes`,
    },
    {
      code: 'undelivered',
      points: share(s.undelivered, s.old, { n: 10, factor: 50, free: 0.1, most: 15 }),
      words: `${s.undelivered} of ${s.old} messages were not delivered after a day`,
    },
    {
      code: 'unanswered',
      points: share(s.unanswered, s.people, { n: 10, factor: 40, free: 0.7, most: 12 }),
      words: `${s.unanswered} of ${s.people} people did not answer two messages or more this week`,
    },
    {
      code: 'opted_out',
      points: share(s.optOuts, s.people, { n: 20, factor: 400, free: 0.01, most: 20 }),
      words: `${s.optOuts} of ${s.people} people asked not to be written to this week`,
    },
    {
      code: 'locked_463',
      points: Math.max(0, 40 * fading),
      words: 'WhatsApp limited writing to people who never answered',
    },
    {
      code: 'capped_475',
      points: Math.min(30, 10 * s.capped),
      words: `WhatsApp capped new chats ${times(s.capped)} this week`,
    },
    {
      code: 'disconnects',
      points: Math.min(15, 3 * Math.max(0, s.disconnects - 2)),
      words: `The connection was lost ${times(s.disconnects)} today`,
    },
    {
      code: 'unlinked',
      points: Math.min(20, 10 * s.unlinked),
      words: `WhatsApp was unlinked ${times(s.unlinked)} this week`,
    },
    {
      code: 'unknown',
      points: Math.min(10, 2 * s.unknowns),
      words: `It is not known whether ${count(s.unknowns, 'message')} went out`,
    },
    { code: 'banned', points: s.banned ? 100 : 0, words: 'WhatsApp has blocked this number' },
  ];
}

/** Points of a share beyond what is usual; too few of them say nothing. */
function share(
  part: number,
  whole: number,
  rule: { n: number; factor: number; free: number; most: number },
): number {
  if (whole < rule.n) return 0;
  return Math.min(rule.most, Math.max(0, rule.factor * (part / whole - rule.free)));
}

const count = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? '' : 's'}`;
const times = (n: number): string => (n === 1 ? 'once' : n === 2 ? 'twice' : `${n} times`);

const BANDS = ['critical', 'poor', 'watch', 'healthy'] as const satisfies readonly HealthBand[];
const FROM_SCORE: Record<HealthBand, number> = { critical: 0, poor: 40, watch: 60, healthy: 80 };
const HOUR = 3_600_000;
const WAIT_MS: Record<HealthBand, number> = {
  critical: 24 * HOUR,
  poor: 24 * HOUR,
  watch: 6 * HOUR,
  healthy: 0,
};
/** So many points above the better band's threshold. */
const CLEARLY = 5;

export const bandOf = (score: number): HealthBand =>
  BANDS.findLast(band => score >= FROM_SCORE[band]) ?? 'critical';

/** Whether the schedule is freer in band `to` than in `from`. */
export const isLooser = (from: HealthBand, to: HealthBand): boolean =>
  BANDS.indexOf(to) > BANDS.indexOf(from);

/**
 * The next health of a channel: down at once, up one band only after the score has been clearly above that band's
 * threshold for 6 hours, from poor and critical for 24.
 */
export function nextHealth(
  previous: Pick<ChannelHealth, 'band' | 'betterSince'>,
  scored: { score: number; reasons: HealthReason[] },
  now: Date,
): ChannelHealth {
  const stays = { ...scored, at: now };
  const { band } = previous;
  const level = BANDS.indexOf(band);
  const found = bandOf(scored.score);
  if (BANDS.indexOf(found) < level) return { ...stays, band: found, betterSince: null };
  const above = BANDS[level + 1];
  if (above === undefined || scored.score < FROM_SCORE[above] + CLEARLY)
    return { ...stays, band, betterSince: null };
  const since = previous.betterSince ?? now;
  if (now.getTime() - since.getTime() < WAIT_MS[band]) return { ...stays, band, betterSince: since };
  // The next band up has to be earned as well, from now on.
  return { ...stays, band: above, betterSince: now };
}

/** What the schedule does by itself in each band. */
export interface HealthBrakes {
  gapFactor: number;
  capFactor: number;
  firstContactFactor: number;
  firstContactsAllowed: boolean;
  /** Nothing is sent at all. */
  rest: boolean;
}

const BRAKES: Record<HealthBand, HealthBrakes> = {
  healthy: { gapFactor: 1, capFactor: 1, firstContactFactor: 1, firstContactsAllowed: true, rest: false },
  watch: { gapFactor: 1.5, capFactor: 1, firstContactFactor: 0.5, firstContactsAllowed: true, rest: false },
  poor: { gapFactor: 2.5, capFactor: 0.5, firstContactFactor: 0, firstContactsAllowed: false, rest: false },
  critical: {
    gapFactor: 2.5,
    capFactor: 0.5,
    firstContactFactor: 0,
    firstContactsAllowed: false,
    rest: true,
  },
};

/**
 * The band's brakes; people who do not answer, whose points alone never leave the healthy band, slow a channel like watch.
 */
export const brakesOf = ({ band, reasons }: Pick<ChannelHealth, 'band' | 'reasons'>): HealthBrakes => {
  const isIgnored = reasons.some(({ code }) => code === 'unanswered');
  return BRAKES[band === 'healthy' && isIgnored ? 'watch' : band];
};

/** Warm-up levels that a channel loses when it comes out of critical. */
export const WARMUP_LEVELS_LOST = 2;
