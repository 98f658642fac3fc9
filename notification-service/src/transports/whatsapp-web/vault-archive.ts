import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import { SealError } from '../../platform/crypto.ts';

/** What a login needs; everything else in a profile are caches and traces. */
const KEPT = ['Default/IndexedDB', 'Default/Local Storage'];

/** The kept folders of a profile as a tar stream, not compressed: what is in them is compressed already. */
export function packProfile(sessionDir: string): AsyncIterable<Buffer> {
  const archive = pack();
  const fill = async (): Promise<void> => {
    for (const folder of KEPT) {
      for (const name of await filesBelow(sessionDir, folder)) {
        const { size } = await stat(join(sessionDir, name));
        const entry = archive.entry({ name: name.split(sep).join('/'), size, mode: 0o600 });
        // A file of a closed profile does not grow; one that did would not fit into its entry.
        if (size === 0) entry.end(Buffer.alloc(0));
        else await pipeline(createReadStream(join(sessionDir, name), { end: size - 1 }), entry);
      }
    }
    archive.finalize();
  };
  fill().catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return archive as unknown as AsyncIterable<Buffer>;
}

/** Whether there is anything in this profile that a login could be. */
export const hasLoginFiles = async (sessionDir: string): Promise<boolean> =>
  (await filesBelow(sessionDir, KEPT[0] ?? '')).length > 0;

/** Unpacks into a directory that does not exist yet. Nothing may be written outside of it. */
export async function unpackProfile(plain: AsyncIterable<Buffer>, sessionDir: string): Promise<void> {
  const reading = extract();
  const writing = (async (): Promise<void> => {
    for await (const entry of reading) {
      const { name, type } = entry.header;
      const isKept = KEPT.some(folder => name.startsWith(`${folder}/`));
      if (type !== 'file' || !isKept || name.split('/').includes('..')) {
        throw new Error('There is something in the archive that does not belong there.');
      }
      const path = join(sessionDir, name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await pipeline(entry, createWriteStream(path, { mode: 0o600, flags: 'wx' }));
    }
  })();
  writing.catch((error: unknown) => {
    reading.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  // Both have ended before the caller cleans up; why the stream broke says more than that it did.
  const [read, written] = await Promise.allSettled([pipeline(plain, reading), writing]);
  if (read.status === 'rejected' && read.reason instanceof SealError) throw read.reason;
  for (const part of [written, read]) if (part.status === 'rejected') throw part.reason;
}

async function filesBelow(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true, recursive: true }).catch(
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    },
  );
  return entries
    .filter(entry => entry.isFile() && entry.name !== 'LOCK')
    .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}
