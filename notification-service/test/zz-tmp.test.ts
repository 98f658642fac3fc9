import { expect, test } from 'vitest';
import { z } from 'zod';
import { createLogger } from '../src/platform/logger.ts';
import { createQueue, obliterateQueue } from '../src/platform/queue.ts';
import { openTestStores } from './test-stores.ts';

test('open and close', async () => {
  const stores = await openTestStores();
  const seen: string[] = [];
  process.on('unhandledRejection', e => seen.push(String((e as Error).stack)));
  const place = { redisUrl: stores.redisUrl, prefix: stores.keyPrefix };
  for (let n = 0; n < 60; n += 1) {
    const q = createQueue({ ...place, name: `q${n % 3}`, schema: z.object({}), logger: createLogger({ level: 'error' }), ...(n % 2 ? { handle: () => Promise.resolve() } : {}) });
    if (n % 4 > 1) await q.add({}, { jobId: String(n) });
    await new Promise(r => setTimeout(r, n));
    await q.close();
    await obliterateQueue(place, `q${n % 3}`);
  }
  await stores.close();
  console.log(seen.length, seen.slice(0, 3));
  expect(1).toBe(1);
}, 60000);
