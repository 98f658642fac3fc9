import { describe, expect, it } from 'vitest';
import { explore } from './explore.ts';
import { MUTATIONS } from './mutations.ts';
import type { Mutation } from './mutations.ts';
import { SCENARIOS } from './scenarios.ts';

/**
 * The model of sending: all interleavings, at the grain of single reads and writes, of the production step functions
 * over the in-memory store. The same, wider, is `npm run model`.
 */
describe('the model holds', () => {
  for (const scenario of Object.values(SCENARIOS)) {
    it(`over all interleavings of: ${scenario.name}`, { timeout: 120_000 }, async () => {
      const { problem, states } = await explore(scenario);
      expect(problem).toBeNull();
      expect(states).toBeGreaterThan(500);
    });
  }
});

/** Where each element of the design shows first when it is taken out. */
const SHOWS_IN: Record<keyof typeof MUTATIONS, keyof typeof SCENARIOS> = {
  versionInFence: 'hangingCall',
  recoverysVersion: 'hangingCall',
  personRead: 'enrolledLate',
  exitsOrder: 'enrolledLate',
  subjectInTake: 'crash',
  undosToken: 'undoLate',
  newerSession: 'hangingCall',
  reconcilesToken: 'reconcileTwice',
  sweep: 'creatorDies',
  slotInRecovery: 'crash',
  boundCall: 'crash',
};

describe('the model fails without', () => {
  for (const [key, mutation] of Object.entries(MUTATIONS) as [keyof typeof MUTATIONS, Mutation][]) {
    it(mutation.name, { timeout: 120_000 }, async () => {
      const { problem } = await explore(SCENARIOS[SHOWS_IN[key]], { mutation });
      expect(problem?.sentence.slice(1, 2)).toSatisfy((letter: string) => mutation.breaks.includes(letter));
    });
  }
});
