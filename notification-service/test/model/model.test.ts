import { describe, expect, it } from 'vitest';
import { explore } from './explore.ts';
import type { Scenario } from './explore.ts';
import { MUTATIONS } from './mutations.ts';
import { MUTANT_SCENARIOS, SCENARIOS } from './scenarios.ts';

/**
 * The model of sending: all interleavings, at the grain of single reads and writes, of the production step functions
 * over the in-memory store.
 */
describe('the model holds', () => {
  for (const scenario of [...Object.values(SCENARIOS), MUTANT_SCENARIOS.undoneLate]) {
    it(`over all interleavings of: ${scenario.name}`, { timeout: 120_000 }, async () => {
      const { problem, states } = await explore(scenario);
      expect(problem).toBeNull();
      expect(states).toBeGreaterThan(500);
    });
  }
});

/** Where each element of the design shows first when it is taken out: property and scenario. */
const SHOWS: [keyof typeof MUTATIONS, letter: string, Scenario][] = [
  ['versionInFence', 'f', SCENARIOS.hangingCall],
  ['recoverysVersion', 'f', SCENARIOS.hangingCall],
  ['personRead', 'c', SCENARIOS.enrolledLate],
  ['exitsOrder', 'c', SCENARIOS.enrolledLate],
  ['subjectInTake', 'f', SCENARIOS.crash],
  ['undosToken', 'g', MUTANT_SCENARIOS.undoneLate],
  ['undosToken', 'a', MUTANT_SCENARIOS.undoneLate],
  ['newerSession', 'g', SCENARIOS.crash],
  ['newerSession', 'a', MUTANT_SCENARIOS.hangingCallResend],
  ['reconcilesToken', 'g', SCENARIOS.reconcileTwice],
  ['sweep', 'e', SCENARIOS.creatorDies],
  ['slotInRecovery', 'h', SCENARIOS.crash],
  ['boundCall', 'a', MUTANT_SCENARIOS.hangingCallResend],
];

describe('the model fails without', () => {
  for (const [key, letter, scenario] of SHOWS) {
    it(`${MUTATIONS[key].name}: (${letter})`, { timeout: 120_000 }, async () => {
      const { problem } = await explore(scenario, { mutation: MUTATIONS[key], letter });
      expect(problem?.sentence).toMatch(new RegExp(`^\\(${letter}\\)`));
    });
  }
  it('each element of the design is taken out at least once', () => {
    expect(new Set(SHOWS.map(([key]) => key))).toEqual(new Set(Object.keys(MUTATIONS)));
  });
});
