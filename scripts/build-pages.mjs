// Builds the pages when a source is newer than what was built:  node scripts/build-pages.mjs
// They are built aside and then put in place, so that a service that starts meanwhile never sees half of them.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const web = join(root, 'notification-service', 'web');
const built = join(web, 'dist');

/** Throws when the build fails, with what it said on standard error. */
export function buildPages() {
  if (isFresh()) return;
  const aside = mkdtempSync(join(web, 'dist-'));
  try {
    const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [vite, 'build', '--config', join(web, 'vite.config.ts'), '--logLevel', 'warn'],
      { cwd: root, encoding: 'utf8', env: { ...process.env, PAGES_OUT_DIR: aside } },
    );
    if (status !== 0) throw new Error(`The pages could not be built.\n${stdout}\n${stderr}`);
    chmodSync(aside, 0o755);
    rmSync(built, { recursive: true, force: true });
    renameSync(aside, built);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function isFresh() {
  const made = join(built, 'manifest.json');
  if (!existsSync(made)) return false;
  const { mtimeMs } = statSync(made);
  const sources = [join(root, 'package-lock.json'), ...sourcesIn(web)];
  return sources.every(path => statSync(path).mtimeMs <= mtimeMs);
}

const sourcesIn = folder =>
  readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    if (/^dist(-|$)/.test(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sourcesIn(path) : [path];
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) buildPages();
