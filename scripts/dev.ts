import { createApp } from '../notification-service/src/app.ts';
import { parseConfig } from '../notification-service/src/platform/config.ts';
import { createLogger } from '../notification-service/src/platform/logger.ts';

/**
 * One run by hand, beside the running service or alone: `npm run dev:relance` enrolls whoever is due,
 * `npm run dev:sender` hosts the free channels and takes one turn of each that may act.
 */
const what = process.argv[2];
if (what !== 'relance' && what !== 'sender') {
  console.error('Usage: npm run dev:relance | npm run dev:sender');
  process.exit(2);
}
const config = parseConfig({ ...process.env, ROLES: what === 'sender' ? 'sender' : 'api', PORT: '0' });
const app = await createApp(config, { logger: createLogger({ level: 'warn', pretty: true }) });
try {
  if (what === 'relance') console.log(JSON.stringify(await app.enrollments.enrollDue(), null, 2));
  else console.log(`${await app.delivery.pumpOnce()} turns taken.`);
} finally {
  await app.close();
}
