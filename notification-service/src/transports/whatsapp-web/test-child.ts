import { createWhatsAppWebTransport } from './index.ts';
import { systemClock } from '../../platform/clock.ts';

/** A process of its own with one session, for the test that kills it: `test-child.ts <data dir> <network> <channel>`. */
const [dataDir = '', simulatedWhatsAppUrl = '', channelId = ''] = process.argv.slice(2);
const transport = createWhatsAppWebTransport({
  dataDir,
  browser: { executablePath: undefined, path: '/usr/bin', sandbox: undefined },
  simulatedWhatsAppUrl,
  pinnedVersion: null,
  maxSessions: 1,
  memory: { budgetMb: 2_000, ceilingMb: 1_000 },
  clock: systemClock,
  logger: { info: () => undefined, warn: () => undefined },
});
await transport.open({
  channelId,
  expectLogin: true,
  on: {
    qr: () => undefined,
    linking: () => undefined,
    away: () => undefined,
    message: () => undefined,
    receipt: () => undefined,
    ready: () => console.log('ready'),
    closed: reason => console.log(`closed ${reason}`),
  },
});
