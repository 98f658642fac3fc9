import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNetwork } from '../../simulated-whatsapp/start-network.ts';
import { type App, createApp } from '../../src/app.ts';
import type { Route } from '../../src/http/route.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { runBadInput } from '../fakes/run-bad-input.ts';
import { bearer, testConfig } from '../test-http.ts';
import { openTestStores, type TestStores } from '../test-stores.ts';

let stores: TestStores;
let network: Awaited<ReturnType<typeof startNetwork>>;
let app: App;
let url = '';
const failures: string[] = [];

beforeAll(async () => {
  stores = await openTestStores();
  network = await startNetwork();
  const stream = new PassThrough();
  stream.on('data', chunk => failures.push(String(chunk)));
  const config = testConfig(stores, {
    ...{ TRANSPORT: 'simulator', SIMULATED_WHATSAPP_URL: network.url, METRICS_TOKEN: 'm'.repeat(32) },
    ...{ PORT: '0', HOST: '127.0.0.1', PUBLIC_URL: 'http://127.0.0.1:3002', RATE_LIMIT_READS: '1000000' },
    RATE_LIMIT_WRITES: '1000000',
  });
  app = await createApp(config, { logger: createLogger({ level: 'error', stream }) });
  ({ url } = await app.start());
});
afterAll(async () => {
  await app.close();
  await network.close();
  await stores.close();
});

/** A few members, so that what one request leaves behind is met by others. */
function authorizationFor(route: Route, n: number): string | null {
  switch (route.access) {
    case 'public':
      return null;
    case 'service':
      return `Bearer ${'s'.repeat(32)}`;
    case 'metrics':
      return `Bearer ${'m'.repeat(32)}`;
    case 'admin':
      return bearer(`admin-${n % 2}`, 'admin');
    case 'member':
      // A connect that its member's own disconnect overtakes may well say 503; that is another matter.
      return bearer(route.limit === 'connect' ? `connecting-${n % 5}` : `member-${n % 5}`);
  }
}

describe('2,000 bad requests over every route, with good tokens of the right role', () => {
  it('never meet a 5xx or a hang, and get a sentence each', async () => {
    const run = await runBadInput({
      url,
      routes: app.http.routes,
      count: 2_000,
      seed: 20_250_131,
      authorizationFor,
    });
    expect(run.sent).toBeGreaterThanOrEqual(2_000);
    expect(run.complaints).toEqual([]);
    expect(failures).toEqual([]);
    // Not all of it may fail at the door: some must reach the stores.
    expect(run.statuses[200] ?? 0).toBeGreaterThan(run.sent / 20);
    expect(run.statuses[400] ?? 0).toBeGreaterThan(run.sent / 20);
  }, 240_000);
});
