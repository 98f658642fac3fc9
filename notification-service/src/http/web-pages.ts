import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FAVICON_PATH } from './favicon.ts';
import type { Page } from './server.ts';

const WEB = join(import.meta.dirname, '..', '..', 'web');
const BUILT = join(WEB, 'dist', 'manifest.json');
const ASSETS = '/assets/';

/** The address of a page, and the file it begins in. */
const pageList = z.array(z.object({ path: z.string(), entry: z.string() }));
/** What the build has made, by source file: https://vite.dev/guide/backend-integration */
const manifestShape = z.record(
  z.string(),
  z.object({
    file: z.string(),
    css: z.array(z.string()).optional(),
    imports: z.array(z.string()).optional(),
  }),
);
type Manifest = z.infer<typeof manifestShape>;

/** Our pages, as the build made them. Throws when they were not built. */
export function webPages(): Page[] {
  const pages = pageList.parse(readJson(join(WEB, 'pages.json')));
  if (!existsSync(BUILT)) throw new Error('The pages are not built. Run: node scripts/build-pages.mjs');
  const manifest = manifestShape.parse(readJson(BUILT));
  return [
    ...pages.map(({ path, entry }) => ({
      path,
      contentType: 'text/html; charset=utf-8',
      body: htmlAround(entry, manifest),
    })),
    ...assetsOf(manifest).map(file => ({
      path: ASSETS + file,
      contentType: file.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
      body: readFileSync(join(WEB, 'dist', file)),
      // Its name changes with its content.
      immutable: true,
    })),
  ];
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

const assetsOf = (manifest: Manifest): string[] => [
  ...new Set(Object.values(manifest).flatMap(({ file, css = [] }) => [file, ...css])),
];

/** Everything the page begins with is named here, so that a slow line asks for it at once. */
function htmlAround(entry: string, manifest: Manifest): string {
  const names = reachedFrom(entry, manifest);
  const chunks = names.flatMap(name => manifest[name] ?? []);
  const styles = chunks.flatMap(({ css = [] }) => css);
  const script = manifest[entry]?.file ?? '';
  const early = chunks.map(({ file }) => file).filter(file => file !== script && file.endsWith('.js'));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Relance</title>
<link rel="icon" href="${FAVICON_PATH}" type="image/svg+xml">
${styles.map(file => `<link rel="stylesheet" href="${ASSETS}${file}">`).join('\n')}
${early.map(file => `<link rel="modulepreload" href="${ASSETS}${file}">`).join('\n')}
<script type="module" src="${ASSETS}${script}"></script>
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript. · Cette page a besoin de JavaScript.</noscript>
</body>
</html>
`;
}

/** The entry and all that it imports, dependencies first: styles keep their order. */
function reachedFrom(entry: string, manifest: Manifest, seen = new Set<string>()): string[] {
  if (seen.has(entry)) return [];
  seen.add(entry);
  const imports = manifest[entry]?.imports ?? [];
  return [...imports.flatMap(name => reachedFrom(name, manifest, seen)), entry];
}
