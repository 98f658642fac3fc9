import { expect, it } from 'vitest';
import { countTests } from './test-counts.ts';

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map(test => ({ status: test })),
});

it('counts passed, failed and everything left out', () => {
  const report = {
    testResults: [file('failed', 'passed', 'failed', 'skipped'), file('passed', 'passed', 'todo', 'pending')],
  };
  expect(countTests(report, false)).toEqual({ passed: 2, failed: 1, skipped: 3 });
});

it('counts a file that could not be loaded as a failure', () => {
  expect(countTests({ testResults: [file('failed'), file('passed', 'passed')] }, false)).toEqual({
    passed: 1,
    failed: 1,
    skipped: 0,
  });
});

it('never reports success for a run that failed', () => {
  expect(countTests({ testResults: [file('passed', 'passed')] }, false).failed).toBe(1);
  expect(countTests(undefined, false).failed).toBe(1);
});
