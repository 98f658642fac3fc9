import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The kernel takes at most 107 bytes (103 on macOS). */
const LONGEST_SOCKET_PATH = 100;

/** Where the socket `name` of the data folder `dir` lies: inside it, or, when that path is too long, under the system's temporary folder. */
export function socketPath(dir: string, name: string): string {
  const inside = join(resolve(dir), 'run');
  const folder =
    Buffer.byteLength(join(inside, name)) <= LONGEST_SOCKET_PATH
      ? inside
      : join(tmpdir(), `relance-${createHash('sha256').update(resolve(dir)).digest('hex').slice(0, 12)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, name);
}

/** Until somebody listens on the socket. */
export async function acceptsConnections(path: string, signal: AbortSignal): Promise<void> {
  while (!(await connects(path))) await sleep(20, undefined, { signal });
}

function connects(path: string): Promise<boolean> {
  return new Promise(settle => {
    const connection = connect({ path });
    connection.once('error', () => {
      settle(false);
    });
    connection.once('connect', () => {
      connection.destroy();
      settle(true);
    });
  });
}
