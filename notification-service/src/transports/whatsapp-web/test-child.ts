import { createVault, createWhatsAppWebTransport } from './index.ts';
import { openMongo } from '../../platform/mongo.ts';
import { systemClock } from '../../platform/clock.ts';

/** A process of its own with one session, for the test that kills it: `test-child.ts <data dir> <network> <channel> <mongo uri> <secret>`. */
const [dataDir = '', simulatedWhatsAppUrl = '', channelId = '', mongoUri = '', secret = ''] =
  process.argv.slice(2);
const logger = { info: () => undefined, warn: () => undefined };
const mongo = await openMongo(mongoUri);
const transport = createWhatsAppWebTransport({
  dataDir,
  browser: { executablePath: undefined, path: '/usr/bin', sandbox: undefined },
  simulatedWhatsAppUrl,
  pinnedVersion: null,
  maxSessions: 1,
  memory: { budgetMb: 2_000, ceilingMb: 1_000 },
  clock: systemClock,
  vault: createVault({ db: mongo.db, secrets: [secret], logger }),
  logger,
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
