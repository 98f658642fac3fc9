import type { Core } from './core.ts';
import type { Hearing } from './hearing.ts';
import { chatsSince } from './page-scripts.ts';

const MOST_OF_ONE_CHAT = 50;

/**
 * Takes in what arrived since an instant while nobody listened: the library tells nothing of it. Rejects when the
 * page does not answer.
 */
export async function takeInBacklog(what: {
  ask: Core['ask'];
  hearing: Hearing;
  since: Date;
}): Promise<void> {
  const { ask, hearing } = what;
  const sinceSeconds = Math.floor(what.since.getTime() / 1000);
  const chats = await ask(one => one.evaluate<string[]>(chatsSince(sinceSeconds)));
  for (const chatId of chats) {
    const messages = await ask(one => one.messages(chatId, MOST_OF_ONE_CHAT));
    for (const message of messages) {
      if ((message.timestamp ?? 0) >= sinceSeconds) hearing.backlog(message);
    }
  }
}
