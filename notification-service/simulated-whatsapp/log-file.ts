import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The append-only log, one JSON object a line: `{accepted}`, `{ack}`, `{fault}`, `{overlap}`, `{reset}`.
 * Written before the device hears of it, so what was answered is in the file.
 */
export function openLogFile(file: string): {
  record: (line: Record<string, unknown>) => void;
  close(): void;
} {
  mkdirSync(dirname(file), { recursive: true });
  const handle = openSync(file, 'a', 0o600);
  return {
    record(line) {
      writeSync(handle, `${JSON.stringify(line)}\n`);
    },
    close() {
      closeSync(handle);
    },
  };
}
