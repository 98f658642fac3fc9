import { benchEnroll } from './bench/enroll.ts';
import { benchExit, benchStatus } from './bench/http.ts';
import { benchPick, benchPump } from './bench/pump.ts';
import { benchPreview } from './bench/preview.ts';
import { benchRestart } from './bench/restart.ts';
import { reportLine } from './bench/rows.ts';
import type { Row } from './bench/rows.ts';
import { openBenchStores } from './bench/stores.ts';
import type { BenchStores } from './bench/stores.ts';
import { benchTurn } from './bench/turn.ts';

/**
 * `npm run bench [-- --json] [-- --only=turn,pump]`: each figure beside a baseline measured in the same run. With
 * `--json` the last line is `{"rows":[{name, value, unit, baseline, ratio, goal, met}]}`.
 */
const BENCHES: Record<string, (stores: BenchStores) => Promise<Row[]>> = {
  enroll: benchEnroll,
  turn: benchTurn,
  pump: benchPump,
  pick: benchPick,
  exit: benchExit,
  status: benchStatus,
  restart: benchRestart,
  preview: benchPreview,
};

const only = process.argv
  .find(argument => argument.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',');
const json = process.argv.includes('--json');
const stores = await openBenchStores();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  // Not once: npm and shells may pass the same signal on twice.
  process.on(signal, () => void stores.close().finally(() => process.exit(1)));
}
const rows: Row[] = [];
try {
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (only && !only.includes(name)) continue;
    const measured = await bench(stores);
    for (const one of measured) console.log(lineOf(one));
    rows.push(...measured);
  }
} finally {
  await stores.close();
}
if (json) console.log(reportLine(rows));

function lineOf(one: Row): string {
  const baseline = one.baseline === null ? '' : `baseline ${one.baseline}, ratio ${one.ratio ?? '–'}, `;
  return `${one.met ? 'met   ' : 'MISSED'} ${one.name}: ${one.value} ${one.unit} (${baseline}goal ${one.goal})`;
}
