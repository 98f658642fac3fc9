import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { defineConfig } from 'vite';

const pages = JSON.parse(readFileSync(new URL('pages.json', import.meta.url), 'utf8')) as { entry: string }[];

/** One entry a page; the service writes the HTML around it from the manifest. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/assets/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: process.env['PAGES_OUT_DIR'] ?? 'dist',
    assetsDir: '',
    emptyOutDir: true,
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    // Data addresses for small pictures are allowed by the content policy; fonts there are none.
    assetsInlineLimit: 4_096,
    reportCompressedSize: false,
    rolldownOptions: {
      input: Object.fromEntries(pages.map(({ entry }) => [basename(entry, '.tsx'), entry])),
    },
  },
});
