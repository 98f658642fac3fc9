import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '../http/server.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'web', 'connect');

/** The plain connect page: three files, served under the strict content policy. */
export const connectPages = (): Page[] => [
  {
    path: '/connect',
    contentType: 'text/html; charset=utf-8',
    body: readFileSync(join(FOLDER, 'index.html')),
  },
  {
    path: '/connect/page.js',
    contentType: 'text/javascript; charset=utf-8',
    body: readFileSync(join(FOLDER, 'page.js')),
  },
  {
    path: '/connect/page.css',
    contentType: 'text/css; charset=utf-8',
    body: readFileSync(join(FOLDER, 'page.css')),
  },
];
