import { stepExit } from './exit-steps.ts';
import type { Exit, ExitDeps, ExitResult } from './exit-steps.ts';

/**
 * Ends the running sequence of a person, and remembers why where the reason asks for it. Idempotent: asking again
 * gives an honest answer of what holds then.
 */
export async function exitReferral(exit: Exit, deps: ExitDeps): Promise<ExitResult> {
  let state = await stepExit({ at: 'phone', exit }, deps);
  while (state.at !== 'done') state = await stepExit(state, deps);
  return state.result;
}
