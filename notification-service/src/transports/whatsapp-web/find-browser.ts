import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { TransportError } from '../../channels/transport.ts';

/** Debian's own command of this name is a shell script that stays as parent: signals to it miss the browser. */
const REAL_BINARY = '/usr/lib/chromium/chromium-headless-shell';
const ON_THE_PATH = ['chromium-headless-shell', 'chrome-headless-shell', 'chromium', 'google-chrome'];

/**
 * The browser to run: the configured one, else the leanest that is installed. Throws a {@link TransportError} that
 * says what to install.
 */
export function findBrowser(configured: string | undefined, path: string): string {
  if (configured !== undefined) {
    if (isRunnable(configured)) return configured;
    throw new TransportError(
      'launch',
      `There is no browser that can be run at ${configured} (PUPPETEER_EXECUTABLE_PATH).`,
    );
  }
  if (isRunnable(REAL_BINARY)) return REAL_BINARY;
  const places = path.split(delimiter).filter(dir => dir !== '');
  const found = ON_THE_PATH.flatMap(name => places.map(dir => join(dir, name))).find(isRunnable);
  if (found) return found;
  throw new TransportError(
    'launch',
    'There is no browser for WhatsApp Web. Install one (Debian: apt-get install chromium-headless-shell) or name one in PUPPETEER_EXECUTABLE_PATH.',
  );
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
