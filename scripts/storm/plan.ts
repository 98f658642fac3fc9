import { parseArgs } from 'node:util';

/** How large a storm is and how fast its calendar runs. Real milliseconds where nothing else is said. */
export interface StormPlan {
  kills: number;
  members: number;
  referralsEach: number;
  seed: number;
  json: boolean;
  /** Calendar milliseconds per real one. */
  rate: number;
  /** The people are referred in so many waves, spread over the kills, so that there is work until the last one. */
  waves: number;
  flushes: number;
  mongodRestarts: number;
  /** Below this many delivered messages the storm has shown too little. */
  deliveredAtLeast: number;
}

const SEVEN_DAYS_MS = 7 * 24 * 3_600_000;
/** How long the seven days last: about half of what the kills take. */
const WEEK_MS_A_KILL = 2_000;
const SHORTEST_WEEK_MS = 30_000;
/** From so many kills on the storm is judged in full. */
const FULL_STORM = 20;

const USAGE = `Usage: npm run storm -- [--kills=60] [--members=25] [--referrals=20] [--seed=1] [--json]`;

/** The plan in these arguments, or the text that says what was wrong with them. */
export function readPlan(args: string[]): StormPlan | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        kills: { type: 'string', default: '60' },
        members: { type: 'string' },
        referrals: { type: 'string' },
        seed: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
      },
    });
    const kills = wholeIn('--kills', values.kills);
    const full = kills >= FULL_STORM;
    const members = wholeIn('--members', values.members ?? (full ? '25' : '6'));
    const referralsEach = wholeIn('--referrals', values.referrals ?? (full ? '20' : '5'));
    return {
      ...{ kills, members, referralsEach, seed: wholeIn('--seed', values.seed), json: values.json },
      rate: Math.round(SEVEN_DAYS_MS / Math.max(SHORTEST_WEEK_MS, kills * WEEK_MS_A_KILL)),
      waves: full ? 4 : 2,
      flushes: 2,
      mongodRestarts: 1,
      deliveredAtLeast: full ? 2_000 : 1,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${USAGE}`;
  }
}

function wholeIn(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} must be a whole number from 1 on.`);
  return value;
}
