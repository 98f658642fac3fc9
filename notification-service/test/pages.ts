import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The service serves its pages as they were built: before the tests they are, when a source is newer. */
export function setup(): void {
  execFileSync(process.execPath, [join(import.meta.dirname, '..', '..', 'scripts', 'build-pages.mjs')]);
}
