import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, parseIdentity } from './embedded-process.ts';

/**
 * Ends the child that an earlier run of ours left behind when it was killed: only the very process whose number
 * and start the pid file holds, first with SIGTERM, then with SIGKILL. Returns its pid, or undefined if none lived.
 */
export async function endLeftover(pidFile: string, patienceMs = 20_000): Promise<number | undefined> {
  const identity = parseIdentity(textOf(pidFile));
  if (!identity || !isAlive(identity)) {
    rmSync(pidFile, { force: true });
    return undefined;
  }
  process.kill(identity.pid, 'SIGTERM');
  for (let waitedMs = 0; isAlive(identity); waitedMs += 50) {
    if (waitedMs >= patienceMs) process.kill(identity.pid, 'SIGKILL');
    await sleep(50);
  }
  rmSync(pidFile, { force: true });
  return identity.pid;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
