import type { TurnDeps, TurnResult } from './turn.ts';
import { stepTurn } from './turn-steps.ts';

/**
 * One reminder handled: the channel's best due message goes out, once, or the reason why not is noted. The world is
 * read again first; when the reason for the reminder has gone, it drops out quietly.
 */
export async function takeTurn(channelId: string, deps: TurnDeps): Promise<TurnResult> {
  let state = await stepTurn({ at: 'channel', channelId }, deps);
  while (state.at !== 'done') state = await stepTurn(state, deps);
  return state.result;
}
