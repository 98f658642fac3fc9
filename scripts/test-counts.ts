/** What we read of the runner's JSON report. */
export interface TestReport {
  testResults: readonly {
    status: string;
    assertionResults: readonly { status: string }[];
  }[];
}

export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Counts tests. A file that could not even be loaded counts as one failed test, and so does a run that failed
 * although no test did (an unhandled error, a server that did not start, no report at all).
 */
export function countTests(report: TestReport | undefined, runSucceeded: boolean): TestCounts {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report?.testResults ?? []) {
    for (const { status } of file.assertionResults) {
      if (status === 'passed') counts.passed++;
      else if (status === 'failed') counts.failed++;
      else counts.skipped++;
    }
    const noneFailed = file.assertionResults.every(({ status }) => status !== 'failed');
    if (file.status === 'failed' && noneFailed) counts.failed++;
  }
  if (!runSucceeded && counts.failed === 0) counts.failed = 1;
  return counts;
}
