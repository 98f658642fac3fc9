import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { parseSimulatedCalendar } from './clock.ts';
import { nextRun, parseCron } from './cron.ts';

/**
 * Every setting of the product, with its default, in one place. `process.env` is read once, in main.ts, and handed
 * to {@link parseConfig}; the rest of the code receives its part of the frozen result.
 */

const whole = (min: number, max = Number.MAX_SAFE_INTEGER) => z.coerce.number().int().min(min).max(max);
const onOff = z.enum(['on', 'off']).transform(value => value === 'on');
const list = z.string().transform(text =>
  text
    .split(',')
    .map(s => s.trim())
    .filter(s => s !== ''),
);
const url = z.url({ protocol: /^https?$/, message: 'must be an http(s) URL' });
const httpUrl = url.transform(text => text.replace(/\/+$/, ''));

const secrets = list.pipe(
  z
    .array(z.string().min(32, 'each secret must have at least 32 characters'))
    .min(1, 'at least one secret is required'),
);

const windowOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, 'must look like 08:00-20:00')
  .transform(text => {
    const [from = '', to = ''] = text.split('-');
    const minutes = (hhmm: string) => Number(hhmm.slice(0, 2)) * 60 + Number(hhmm.slice(3, 5));
    return { fromMinute: minutes(from), toMinute: minutes(to) };
  })
  .refine(w => w.fromMinute !== w.toMinute, 'must not be empty: the two times are equal');

/** ISO weekdays, 1 = Monday. `1-5`, `1,3,5` or `1-5,7`. */
const weekdays = z
  .string()
  .regex(/^[1-7](-[1-7])?(,[1-7](-[1-7])?)*$/, 'must look like 1-7 or 1-5,7')
  .transform(text => {
    const days = new Set<number>();
    for (const range of text.split(',')) {
      const [from, to = from] = range.split('-').map(Number);
      for (let d = from ?? 1; d <= (to ?? 0); d++) days.add(d);
    }
    return [...days].sort((a, b) => a - b);
  })
  .refine(days => days.length > 0, 'must name at least one day');

const zoneName = z.string().refine(zone => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}, 'must be an IANA time zone such as Europe/Paris');

const ROLES = ['api', 'scheduler', 'sender'] as const;
const roles = list.pipe(z.array(z.enum(ROLES)).min(1)).transform(found => [...new Set(found)]);

const calendar = z.string().transform((text, context) => {
  const parsed = parseSimulatedCalendar(text);
  if (parsed) return parsed;
  context.addIssue('must look like origin=<instant>,start=<instant>,rate=<number ≥ 1>');
  return z.NEVER;
});

const cron = z
  .string()
  .refine(text => parseCron(text) !== null, 'must be a cron expression of five fields')
  .refine(
    text => parseCron(text) === null || nextRun(text, new Date(0)) !== null,
    'names a day that never comes',
  );

/** PEM; in one line with `\n` where the environment holds no line breaks. */
const publicKey = z
  .string()
  .transform(text => text.replaceAll('\\n', '\n'))
  .refine(pem => {
    try {
      return ['rsa', 'rsa-pss', 'ec'].includes(createPublicKey(pem).asymmetricKeyType ?? '');
    } catch {
      return false;
    }
  }, 'must be an RSA or EC public key in PEM form');

/** Field by field: environment name → how it is read. An absent or empty variable takes the default. */
export const SETTINGS = {
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: whole(0, 65_535).default(3002),
  HOST: z.string().default('0.0.0.0'),
  PUBLIC_URL: httpUrl.optional(),
  ROLES: roles.default([...ROLES]),
  TRUST_PROXY: whole(0, 10).default(0),
  CORS_ORIGINS: list.default([]),
  LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug']).default('info'),

  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, 'must be a mongodb:// URI')
    .optional(),
  REDIS_URL: z
    .string()
    .regex(/^(rediss?|unix):\/\//, 'must be a redis:// URL')
    .optional(),
  REDIS_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]*$/)
    .default('relance'),

  JWT_SECRET: secrets.optional(),
  JWT_PUBLIC_KEY: publicKey.optional(),
  SERVICE_SECRET: secrets,
  WHATSAPP_SESSION_SECRET: secrets,
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),

  TRANSPORT: z.enum(['simulator', 'whatsapp-web']).optional(),
  SIMULATED_WHATSAPP_URL: httpUrl.optional(),
  SIMULATED_CLOCK: calendar.optional(),
  RELANCE_DATA_DIR: z.string().default('.data'),
  PUPPETEER_EXECUTABLE_PATH: z.string().optional(),
  BROWSER_SANDBOX: onOff.optional(),
  WHATSAPP_WEB_VERSION: z
    .string()
    .regex(/^\d+(\.\d+)+$/, 'must be a version such as 2.3000.1017054665')
    .optional(),

  USER_SERVICE_URL: httpUrl.optional(),
  HELP_WEBHOOK_URL: url.optional(),
  NOTIFY_WEBHOOK_URL: url.optional(),

  RATE_LIMIT_READS: whole(1).default(120),
  RATE_LIMIT_WRITES: whole(1).default(30),

  CONNECT_QR_SECONDS: whole(5, 120).default(20),
  CONNECT_MAX_ATTEMPTS: whole(1, 50).default(5),
  CONNECT_COOLDOWN_MINUTES: whole(1).default(120),

  RELANCE_SENDING: onOff.default(true),
  RELANCE_ENROLLMENT_CRON: cron.default('0 * * * *'),
  RELANCE_ENROLLMENT_DELAY_MINUTES: whole(0).default(60),
  RELANCE_BACKLOG_DAYS: whole(0).default(7),
  RELANCE_MAX_SHIFT_DAYS: whole(0).default(10),
  RELANCE_TIMEZONE: zoneName.default('UTC'),
  RELANCE_DEFAULT_LANGUAGE: z
    .string()
    .regex(/^[a-z]{2}$/, 'must be a two-letter language code')
    .default('fr'),
  RELANCE_WINDOW: windowOfDay.prefault('08:00-20:00'),
  RELANCE_WINDOW_DAYS: weekdays.prefault('1-7'),
  RELANCE_MESSAGE_DELAY_MS: whole(0).default(30_000),
  RELANCE_MESSAGE_JITTER_MS: whole(0).default(30_000),
  RELANCE_WAVE_SIZE: whole(1).default(10),
  RELANCE_WAVE_PAUSE_MINUTES: z
    .string()
    .regex(/^\d+-\d+$/, 'must look like 5-15')
    .transform(text => {
      const [min = 0, max = 0] = text.split('-').map(Number);
      return { min, max };
    })
    .refine(({ min, max }) => min <= max, 'the first number must not be larger than the second')
    .prefault('5-15'),
  RELANCE_MAX_MESSAGES_PER_DAY: whole(1).default(100),
  RELANCE_MAX_MESSAGES_PER_HOUR: whole(1).default(30),
  RELANCE_WARMUP: onOff.default(true),
  RELANCE_MAX_CONCURRENT_SESSIONS: whole(1).default(50),
  RELANCE_SESSION_MEMORY_MB: whole(1).default(4096),
  RELANCE_MAX_SENDS_PER_SECOND: whole(1).default(10),
  RELANCE_SEND_RETRIES: whole(0, 20).default(3),
  RELANCE_BREAKER_FAILURES: whole(1).default(5),
  RELANCE_BREAKER_MINUTES: whole(1).default(15),
  RELANCE_UNKNOWN_ABSENT: z.enum(['skip', 'resend']).default('skip'),
  RELANCE_PAYMENT_FRESHNESS_MINUTES: whole(1).default(180),
  RELANCE_SUBSCRIPTION_GRACE_DAYS: whole(0).default(3),
  RELANCE_RETENTION_DAYS: whole(1).default(180),
  RELANCE_REST_DAYS: whole(0).default(30),
  RELANCE_INBOUND_SYNC_HOURS: whole(1).default(6),

  INSTANCE_HEARTBEAT_MS: whole(100).default(5_000),
  INSTANCE_DEAD_AFTER_MS: whole(500).default(20_000),
  TURN_MAX_MS: whole(1_000).default(180_000),
} as const;

const schema = z.object(SETTINGS).superRefine((env, context) => {
  const complain = (path: string, message: string) => {
    context.addIssue({ code: 'custom', path: [path], message });
  };
  if (!env.JWT_SECRET && !env.JWT_PUBLIC_KEY) complain('JWT_SECRET', 'is required (or JWT_PUBLIC_KEY)');
  if (!env.MONGODB_URI) complain('MONGODB_URI', 'is required');
  if (!env.REDIS_URL) complain('REDIS_URL', 'is required');
  if (env.NODE_ENV === 'production') {
    if (env.TRANSPORT === 'simulator') complain('TRANSPORT', 'simulator is refused in production');
    if (env.SIMULATED_WHATSAPP_URL) complain('SIMULATED_WHATSAPP_URL', 'is refused in production');
    if (!env.PUBLIC_URL) complain('PUBLIC_URL', 'is required in production');
  }
  if (env.TRANSPORT === 'simulator' && !env.SIMULATED_WHATSAPP_URL) {
    complain('SIMULATED_WHATSAPP_URL', 'is required with TRANSPORT=simulator');
  }
  if (env.SIMULATED_CLOCK && !env.SIMULATED_WHATSAPP_URL) {
    complain('SIMULATED_CLOCK', 'is refused unless WhatsApp is simulated (SIMULATED_WHATSAPP_URL)');
  }
  if (env.INSTANCE_DEAD_AFTER_MS < 2 * env.INSTANCE_HEARTBEAT_MS) {
    complain('INSTANCE_DEAD_AFTER_MS', 'must be at least twice INSTANCE_HEARTBEAT_MS');
  }
});

export type Environment = Readonly<Record<string, string | undefined>>;
export type Config = Readonly<
  Omit<z.output<typeof schema>, 'MONGODB_URI' | 'REDIS_URL' | 'TRANSPORT'> & {
    MONGODB_URI: string;
    REDIS_URL: string;
    TRANSPORT: 'simulator' | 'whatsapp-web';
  }
>;

/** The configuration could not be read; `message` lists every mistake, one a line. */
export class ConfigError extends Error {
  constructor(mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n${mistakes.map(m => `  - ${m}`).join('\n')}`,
    );
    this.name = 'ConfigError';
  }
}

/** Parses and freezes; throws {@link ConfigError} with all mistakes at once. Values of secrets are never repeated. */
export function parseConfig(environment: Environment): Config {
  const known = Object.keys(SETTINGS).flatMap(name => {
    const value = environment[name]?.trim();
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  const parsed = schema.safeParse(Object.fromEntries(known));
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map(issue => `${issue.path.join('.')}: ${sentenceOf(issue)}`));
  }
  const env = parsed.data;
  return Object.freeze({
    ...env,
    MONGODB_URI: env.MONGODB_URI ?? '',
    REDIS_URL: env.REDIS_URL ?? '',
    TRANSPORT: env.TRANSPORT ?? 'whatsapp-web',
  });
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' && issue.input === undefined ? 'is required' : issue.message;
}
