import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countTests, type TestReport } from './test-counts.ts';

/**
 * Runs every test (or those named on the command line) and ends with one line, `N passed, N failed`, with
 * `, N skipped` behind it when some were left out. On a build machine (`CI`) a skipped test is a failure of the run.
 */
const root = join(import.meta.dirname, '..');
const folder = await mkdtemp(join(tmpdir(), 'relance-report-'));
const reportFile = join(folder, 'report.json');
const vitest = spawn(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    ...['run', '--config', join(root, 'notification-service/vitest.config.ts')],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => vitest.kill(signal));
const [exitCode] = (await once(vitest, 'exit')) as [number | null];

const report = await readFile(reportFile, 'utf8').then(
  text => JSON.parse(text) as TestReport,
  () => undefined,
);
await rm(folder, { recursive: true, force: true });

const counts = countTests(report, exitCode === 0);
const onBuildMachine = ![undefined, '', '0', 'false'].includes(process.env['CI']);
if (onBuildMachine && counts.skipped > 0) console.log('A skipped test is a failure here.');
if (counts.passed + counts.failed === 0) console.log('No test was run.');
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = counts.failed > 0 || counts.passed === 0 || (onBuildMachine && counts.skipped > 0) ? 1 : 0;
