import { explore } from './explore.ts';
import { SCENARIOS } from './scenarios.ts';
const only = process.argv[2];
for (const [key, scenario] of Object.entries(SCENARIOS)) {
  if (only && only !== key) continue;
  const t = performance.now();
  const r = await explore(scenario, { maxStates: Number(process.env.MAX ?? 600_000) }).catch((e: unknown) => ({ states: -1, transitions: -1, problem: { sentence: String(e), trace: [(e as Error).stack ?? ''] } }));
  console.log(key, r.states, r.transitions, ((performance.now() - t) / 1000).toFixed(1) + 's', r.problem?.sentence ?? 'ok');
  if (r.problem) console.log(r.problem.trace.join('\n   '));
}
