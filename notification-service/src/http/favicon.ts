import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from './server.ts';

export const FAVICON_PATH = '/favicon.svg';

/** One icon for all pages; browsers ask for the `.ico` where a page names none. */
export function favicons(): Page[] {
  const body = readFileSync(join(import.meta.dirname, '..', '..', 'web', 'favicon.svg'));
  return [FAVICON_PATH, '/favicon.ico'].map(path => ({ path, contentType: 'image/svg+xml', body }));
}
