import { beforeEach, expect, test } from 'vitest';
import { createLogger } from '../platform/logger.ts';
import { createLifeline, type Lifeline } from './lifeline.ts';

let monotonicMs: number;
let wallMs: number;
let told: string[];
/** What the store answers to the next renewal. */
let renew: () => Promise<boolean>;
let begin: () => Promise<void>;
let line: Lifeline;

const pass = (ms: number): void => {
  monotonicMs += ms;
  wallMs += ms;
};

beforeEach(async () => {
  monotonicMs = 1_000;
  wallMs = 5_000_000;
  told = [];
  renew = () => Promise.resolve(true);
  begin = () => Promise.resolve();
  let born = 0;
  line = createLifeline({
    instances: {
      begin: id => begin().then(() => void told.push(`store begin ${id}`)),
      renew: () => renew(),
      end: id => Promise.resolve(void told.push(`store end ${id}`)),
    },
    // The timer never fires here: tests beat by hand.
    ...{ heartbeatMs: 5_000, deadAfterMs: 20_000 },
    clocks: { monotonicMs: () => monotonicMs, wallMs: () => wallMs },
    newInstanceId: () => `i${(born += 1)}`,
    logger: createLogger({ level: 'error' }),
    freeSlots: () => 3,
    begin: id => void told.push(`begin ${id}`),
    lost: id => Promise.resolve(void told.push(`lost ${id} acting=${String(line.isActing())}`)),
  });
  await line.start();
  told = [];
});

test('acts as long as it renews, and stops one heartbeat before others may take it for dead', async () => {
  pass(14_999);
  expect(line.isActing()).toBe(true);
  await line.beat();
  pass(14_999);
  expect(line.isActing()).toBe(true);
  pass(1);
  expect(line.isActing()).toBe(false);
  await line.stop(() => Promise.resolve());
});

test('whoever slept too long closes its sessions before it asks anybody, and comes back under a new id', async () => {
  const before = line.instanceId;
  // The store may not have noticed: it would still say yes.
  renew = () => Promise.resolve(told.push('store renew') > 0);
  pass(25_000);
  await line.beat();
  expect(told).toEqual([`lost ${before} acting=false`, 'store begin i3', 'begin i3']);
  expect(line.instanceId).not.toBe(before);
  expect(line.isActing()).toBe(true);
  await line.stop(() => Promise.resolve());
});

test('a machine that was suspended shows in the wall clock only, and counts as having slept', async () => {
  wallMs += 60_000;
  expect(line.isActing()).toBe(false);
  await line.beat();
  expect(told[0]).toMatch(/^lost/);
  await line.stop(() => Promise.resolve());
});

test('one that was taken for dead loses this life at its next heartbeat', async () => {
  renew = () => Promise.resolve(false);
  await line.beat();
  expect(told).toEqual(['lost i2 acting=false', 'store begin i3', 'begin i3']);
  await line.stop(() => Promise.resolve());
});

test('a renewal counts from before it was asked: one that hung through a sleep does not prolong this life', async () => {
  renew = () => {
    pass(30_000);
    return Promise.resolve(true);
  };
  await line.beat();
  expect(told[0]).toBe('lost i2 acting=false');
  await line.stop(() => Promise.resolve());
});

test('a store that fails for a moment costs nothing; one that stays away costs the sessions, until it is back', async () => {
  renew = () => Promise.reject(new Error('away'));
  begin = renew as unknown as typeof begin;
  pass(5_000);
  await line.beat();
  expect(told).toEqual([]);
  expect(line.isActing()).toBe(true);
  pass(10_000);
  await expect(line.beat()).rejects.toThrow('away');
  expect(told).toEqual(['lost i2 acting=false']);
  pass(5_000);
  await expect(line.beat()).rejects.toThrow('away');
  expect(told).toEqual(['lost i2 acting=false']);
  expect(line.isActing()).toBe(false);
  begin = () => Promise.resolve();
  await line.beat();
  expect(told.slice(1)).toEqual(['store begin i5', 'begin i5']);
  await line.stop(() => Promise.resolve());
});

test('leaving is done while the heart still beats, so that nobody takes over what is being ended', async () => {
  const { instanceId } = line;
  await line.stop(() => {
    told.push(`leave acting=${String(line.isActing())}`);
    return Promise.resolve();
  });
  expect(told).toEqual(['leave acting=true', `store end ${instanceId}`]);
  expect(line.isActing()).toBe(false);
});
