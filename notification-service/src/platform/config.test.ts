import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ConfigError, type Environment, parseConfig, SETTINGS } from './config.ts';

const secret = 'x'.repeat(32);
const least: Environment = {
  ...{ MONGODB_URI: 'mongodb://localhost/relance', REDIS_URL: 'unix:///run/redis.sock' },
  ...{ JWT_SECRET: secret, SERVICE_SECRET: secret, WHATSAPP_SESSION_SECRET: `${secret}, ${'y'.repeat(40)}` },
};
const mistakesOf = (environment: Environment): string => {
  try {
    parseConfig(environment);
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
};

describe('the configuration', () => {
  it('has every default of the product in one place', () => {
    const config = parseConfig(least);
    expect(config).toMatchObject({
      ...{ PORT: 3002, ROLES: ['api', 'scheduler', 'sender'], TRANSPORT: 'whatsapp-web', CORS_ORIGINS: [] },
      ...{ RATE_LIMIT_READS: 120, RATE_LIMIT_WRITES: 30, RELANCE_ENROLLMENT_CRON: '0 * * * *' },
      ...{ RELANCE_ENROLLMENT_DELAY_MINUTES: 60, RELANCE_BACKLOG_DAYS: 7, RELANCE_MAX_SHIFT_DAYS: 10 },
      ...{ RELANCE_WINDOW: { fromMinute: 480, toMinute: 1_200 }, RELANCE_WINDOW_DAYS: [1, 2, 3, 4, 5, 6, 7] },
      ...{ RELANCE_MESSAGE_DELAY_MS: 30_000, RELANCE_MESSAGE_JITTER_MS: 30_000, RELANCE_WAVE_SIZE: 10 },
      ...{ RELANCE_WAVE_PAUSE_MINUTES: { min: 5, max: 15 }, RELANCE_MAX_MESSAGES_PER_DAY: 100 },
      ...{ RELANCE_MAX_MESSAGES_PER_HOUR: 30, RELANCE_WARMUP: true, RELANCE_MAX_CONCURRENT_SESSIONS: 50 },
      ...{
        RELANCE_SEND_RETRIES: 3,
        RELANCE_BREAKER_FAILURES: 5,
        RELANCE_BREAKER_MINUTES: 15,
        RELANCE_SENDING: true,
      },
      ...{
        RELANCE_PAYMENT_FRESHNESS_MINUTES: 180,
        RELANCE_SUBSCRIPTION_GRACE_DAYS: 3,
        RELANCE_RETENTION_DAYS: 180,
      },
      ...{ RELANCE_DEFAULT_LANGUAGE: 'fr', RELANCE_REST_DAYS: 30, RELANCE_MAX_SENDS_PER_SECOND: 10 },
      ...{ CONNECT_QR_SECONDS: 20, CONNECT_MAX_ATTEMPTS: 5, CONNECT_COOLDOWN_MINUTES: 120 },
      ...{ INSTANCE_HEARTBEAT_MS: 5_000, INSTANCE_DEAD_AFTER_MS: 20_000, TURN_MAX_MS: 180_000 },
      ...{ WHATSAPP_SESSION_SECRET: [secret, 'y'.repeat(40)] },
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it.each(['JWT_SECRET', 'SERVICE_SECRET', 'WHATSAPP_SESSION_SECRET'])(
    'pitfall: default secrets: without %s it does not start',
    name => {
      expect(mistakesOf({ ...least, [name]: undefined })).toContain(`- ${name}: is required`);
    },
  );

  it('lists every mistake at once without repeating a value', () => {
    const message = mistakesOf({
      PORT: 'abc',
      SERVICE_SECRET: 'too-short-secret',
      RELANCE_WINDOW: '8-20',
      ROLES: 'api,boss',
      RELANCE_TIMEZONE: 'Mars',
    });
    for (const name of [
      'PORT',
      'SERVICE_SECRET',
      'WHATSAPP_SESSION_SECRET',
      'RELANCE_WINDOW',
      'ROLES',
      'RELANCE_TIMEZONE',
    ]) {
      expect(message).toContain(`- ${name}`);
    }
    expect(message).not.toContain('too-short-secret');
  });

  it('refuses a short secret anywhere in the list', () => {
    expect(mistakesOf({ ...least, SERVICE_SECRET: `${secret},short` })).toContain('at least 32 characters');
  });

  it('refuses anything simulated in production', () => {
    const production = { ...least, NODE_ENV: 'production', PUBLIC_URL: 'https://x.example.org' };
    expect(mistakesOf(production)).toBe('');
    const simulated = { SIMULATED_WHATSAPP_URL: 'http://127.0.0.1:1' };
    expect(mistakesOf({ ...production, ...simulated, TRANSPORT: 'simulator' })).toContain(
      'refused in production',
    );
    expect(mistakesOf({ ...production, ...simulated })).toContain('SIMULATED_WHATSAPP_URL');
    const clock = 'origin=2025-01-01T00:00:00Z,start=2025-01-01T00:00:00Z,rate=60';
    expect(mistakesOf({ ...least, SIMULATED_CLOCK: clock })).toContain('unless WhatsApp is simulated');
    expect(mistakesOf({ ...least, SIMULATED_CLOCK: 'rate=0' })).toContain('SIMULATED_CLOCK');
  });

  it.each([
    ['RELANCE_WINDOW', '22:00-06:00', { fromMinute: 1_320, toMinute: 360 }],
    ['RELANCE_WINDOW_DAYS', '1-5,7', [1, 2, 3, 4, 5, 7]],
    ['RELANCE_SENDING', 'off', false],
    ['CORS_ORIGINS', 'https://a.example , https://b.example', ['https://a.example', 'https://b.example']],
    ['USER_SERVICE_URL', 'http://users:8080/', 'http://users:8080'],
    ['RELANCE_WAVE_SIZE', '', 10],
  ] as const)('reads %s=%s', (name, text, value) => {
    expect(parseConfig({ ...least, [name]: text })[name]).toEqual(value);
  });

  it.each([
    ['RELANCE_WINDOW', '08:00-08:00'],
    ['RELANCE_WINDOW', '25:00-26:00'],
    ['RELANCE_WINDOW_DAYS', '0-7'],
    ['RELANCE_WINDOW_DAYS', '5-1'],
    ['RELANCE_ENROLLMENT_CRON', 'hourly'],
    ['RELANCE_ENROLLMENT_CRON', '61 * * * *'],
    ['RELANCE_ENROLLMENT_CRON', '0 0 30 2 *'],
    ['RELANCE_WAVE_PAUSE_MINUTES', '15-5'],
    ['MONGODB_URI', 'http://db'],
    ['JWT_PUBLIC_KEY', 'not a key'],
    ['PORT', '70000'],
    ['INSTANCE_DEAD_AFTER_MS', '6000'],
  ])('refuses %s=%s', (name, text) => {
    expect(mistakesOf({ ...least, [name]: text })).toContain(name);
  });
});

it('.env.example names every setting, and no other', async () => {
  const text = await readFile(new URL('../../../.env.example', import.meta.url), 'utf8');
  const named = new Set(text.split('\n').flatMap(line => /^#? ?([A-Z][A-Z0-9_]+)=/.exec(line)?.[1] ?? []));
  const composeOnly = ['MONGODB_PASSWORD', 'REDIS_PASSWORD'];
  expect([...named].sort()).toEqual([...Object.keys(SETTINGS), ...composeOnly].sort());
});
