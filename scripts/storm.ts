import { monotonicNowMs } from '../notification-service/src/platform/clock.ts';
import { readPlan } from './storm/plan.ts';
import { runStorm } from './storm/run-storm.ts';
import type { StormResult } from './storm/run-storm.ts';
import { forgetStage, openStage } from './storm/stage.ts';

/**
 * `npm run storm -- --kills=60 [--json] [--seed=n]`: the service is killed and frozen again and again, its stores lose
 * their contents or go away, and in the end the log of the simulated WhatsApp, which was never killed, is compared with
 * what the service believes. Fails when a message went out twice, was lost, or came after a stop.
 */
const plan = readPlan(process.argv.slice(2));
if (typeof plan === 'string') {
  console.error(plan);
  process.exit(2);
}
const begunMs = monotonicNowMs();
const seconds = (): number => Math.round((monotonicNowMs() - begunMs) / 1_000);
const tell = (line: string): void => {
  if (!plan.json) console.log(`${String(seconds()).padStart(4)} s  ${line}`);
};

const stage = await openStage(plan);
let closing: Promise<void> | null = null;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  // Not once: npm and shells may pass the same signal on twice.
  process.on(signal, () => void (closing ??= stage.close()).finally(() => process.exit(1)));
}
let result: StormResult;
try {
  result = await runStorm(plan, stage, tell);
} catch (error) {
  console.error(`The storm ended early; what it left is in ${stage.dir}.`);
  throw error;
} finally {
  await stage.close();
}

const { toll, verdict, overlaps } = result;
const { delivered, duplicates, lost, afterStopped, skippedAfterUnknown, unrecorded, unfinished } = verdict;
const wrong = duplicates + lost + afterStopped + overlaps + unrecorded + unfinished;
const passed = wrong === 0 && delivered >= plan.deliveredAtLeast;
for (const finding of verdict.findings.slice(0, 50)) console.error(finding);
if (passed) await forgetStage(stage);
else console.error(`Not as it should be; what the storm left is in ${stage.dir}.`);
const report = {
  ...{ ...toll, delivered, duplicates, lost, afterStopped, overlaps, skippedAfterUnknown },
  ...{ unrecorded, unfinished, seconds: seconds() },
};
console.log(plan.json ? JSON.stringify(report) : report);
process.exit(passed ? 0 : 1);
