import type { Deadlines } from './deadlines.ts';
import { within } from './failures.ts';
import type { PageClient } from './page-client.ts';
import { endGroup, killLeftovers } from './processes.ts';

/**
 * Ends a client whatever it is doing, also while it starts, and resolves when no process of it is left: asked first
 * (a clean end writes the login to the disk), then its process group, then whatever still has its profile.
 */
export async function stopClient(what: {
  client: PageClient;
  abort: AbortController;
  initializing: Promise<void>;
  profileDir: string;
  deadlines: Deadlines;
}): Promise<void> {
  const { client, abort, initializing, profileDir, deadlines } = what;
  if (client.browserProcess() === null) abort.abort();
  await within(deadlines.stopMs, client.destroy(), 'The browser did not close.').catch(() => undefined);
  const child = client.browserProcess();
  if (child) await endGroup(child, deadlines.stopMs);
  // A start that was under way goes on until it notices.
  await within(deadlines.stopMs, initializing, 'The start did not end.').catch(() => undefined);
  const late = client.browserProcess();
  if (late && late !== child) await endGroup(late, deadlines.stopMs);
  if (child === null) await killLeftovers(profileDir);
}
