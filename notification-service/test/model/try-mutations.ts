import { explore } from './explore.ts';
import { MUTATIONS } from './mutations.ts';
import { SCENARIOS } from './scenarios.ts';
const only = process.argv[2];
for (const [key, mutation] of Object.entries(MUTATIONS)) {
  if (only && only !== key) continue;
  for (const letter of mutation.breaks) {
  const found: string[] = [];
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const t = performance.now();
    const r = await explore(scenario, { mutation, letter, maxStates: 250_000 }).catch((e: unknown) => ({ states: -1, problem: { sentence: String(e).slice(0, 100) } }));
    if (r.problem) { found.push(`${name}[${r.problem.sentence.slice(0, 60)} ${r.states}st ${Math.round(performance.now() - t)}ms]`); if (r.states > 0 && found.length > 1) break; };
  }
  console.log(key, letter, '=>', found.join('; ') || 'NOT FOUND');
}}
