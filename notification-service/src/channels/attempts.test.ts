import { expect, test } from 'vitest';
import { decideAttempt, shownAttempts } from './attempts.ts';
import type { ConnectAttempts } from './channel-model.ts';

const rules = { qrSeconds: 20, maxAttempts: 5, cooldownMinutes: 120 };
const calendar = new Date('2026-03-02T10:00:00Z');
const machine = new Date('2031-01-01T00:00:00Z');
const at = (ms: number) => new Date(machine.getTime() + ms);
const attempts = (more: Partial<ConnectAttempts>): ConnectAttempts => ({
  ...{
    count: 0,
    startedAt: null,
    endsAt: null,
    cooldownUntil: null,
    typedPhone: null,
    helpSentForCooldown: false,
  },
  ...more,
});
const decide = (more: Partial<ConnectAttempts>) =>
  decideAttempt(attempts(more), { calendar, machine }, rules);

test('the first attempt, then the same one while its countdown runs, then the next', () => {
  expect(decide({})).toEqual({ kind: 'next', attempt: 1 });
  expect(decide({ count: 1, endsAt: at(12_000) })).toEqual({ kind: 'same', attempt: 1, leftMs: 12_000 });
  expect(decide({ count: 1, endsAt: at(0) })).toEqual({ kind: 'next', attempt: 2 });
});

test('the fifth may be seen to its end; the request after it begins the cooldown, which is calendar time', () => {
  expect(decide({ count: 5, endsAt: at(1) })).toMatchObject({ kind: 'same', attempt: 5 });
  const until = new Date('2026-03-02T12:00:00Z');
  expect(decide({ count: 5, endsAt: at(-1) })).toEqual({ kind: 'cooldown', until, begins: true });
  const now = new Date('2026-03-02T11:59:59Z');
  expect(
    decideAttempt(attempts({ count: 5, cooldownUntil: until }), { calendar: now, machine }, rules),
  ).toEqual({
    ...{ kind: 'cooldown', until, begins: false },
  });
  expect(
    decideAttempt(attempts({ count: 5, cooldownUntil: until }), { calendar: until, machine }, rules),
  ).toEqual({
    ...{ kind: 'next', attempt: 1 },
  });
});

test('a page sees 0 attempts once the cooldown is over', () => {
  const channel = { attempts: attempts({ count: 5, cooldownUntil: calendar }) };
  expect(shownAttempts(channel, new Date(calendar.getTime() - 1))).toEqual({
    attempt: 5,
    cooldownUntil: calendar,
  });
  expect(shownAttempts(channel, calendar)).toEqual({ attempt: 0, cooldownUntil: null });
  expect(shownAttempts(null, calendar)).toEqual({ attempt: 0, cooldownUntil: null });
});
