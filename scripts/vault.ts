import { createLogger } from '../notification-service/src/platform/logger.ts';
import { openMongo } from '../notification-service/src/platform/mongo.ts';
import { parseConfig } from '../notification-service/src/platform/config.ts';
import { createVault } from '../notification-service/src/transports/whatsapp-web/vault.ts';

/**
 * `npm run vault -- rotate`: wraps the keys of all stored WhatsApp Web logins with the first of
 * `WHATSAPP_SESSION_SECRET`. Afterwards the former secrets are not needed for them any more.
 */
if (process.argv[2] !== 'rotate') {
  console.error('Usage: npm run vault -- rotate');
  process.exit(2);
}
const config = parseConfig(process.env);
const mongo = await openMongo(config.MONGODB_URI);
try {
  const logger = createLogger({ level: 'warn' });
  const vault = createVault({ db: mongo.db, secrets: config.WHATSAPP_SESSION_SECRET, logger });
  console.log(JSON.stringify({ rotated: await vault.rotate() }));
} finally {
  await mongo.close();
}
