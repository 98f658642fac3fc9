import { BATCH_SIZE } from './referral-source.ts';
import { MalformedAnswer } from './read-data-array.ts';

export interface Spool {
  /** JSON text of one entry. */
  add(json: string): void;
  /** What was added, in order and in batches. */
  batches(): AsyncGenerator<unknown[]>;
}

/**
 * Holds a long answer until it has proved complete, as bytes outside of the heap: 20,000 people are about 6 MB.
 * Throws {@link MalformedAnswer} for what is not JSON, and beyond `maxBytes`.
 */
export function createSpool({ maxBytes = 128 * 1024 * 1024 }: { maxBytes?: number } = {}): Spool {
  const full: Buffer[] = [];
  let open: string[] = [];
  let bytes = 0;
  const close = () => {
    if (open.length === 0) return;
    full.push(Buffer.from(`[${open.join(',')}]`, 'utf8'));
    open = [];
  };
  return {
    add(json) {
      assertJson(json);
      bytes += json.length;
      if (bytes > maxBytes) throw new MalformedAnswer('The answer is too long.');
      open.push(json);
      if (open.length === BATCH_SIZE) close();
    },
    async *batches() {
      close();
      for (const batch of full) yield await Promise.resolve(JSON.parse(batch.toString('utf8')) as unknown[]);
    },
  };
}

function assertJson(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    throw new MalformedAnswer('An entry of the answer is not JSON.');
  }
}
