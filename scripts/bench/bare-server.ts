import { parseArgs } from 'node:util';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { openMongo } from '../../notification-service/src/platform/mongo.ts';

/**
 * What an HTTP answer costs at the least here: bare Express, one access by the raw driver with the durability the
 * service asks for, nothing else. A process of its own, as the service is.
 */
const { values } = parseArgs({ options: { port: { type: 'string' }, mongodb: { type: 'string' } } });
const { db } = await openMongo(values.mongodb ?? '');

const app = express();
app.get('/find-one/:id', async (req, res) => {
  res.json(await db.collection<{ _id: string }>('members').findOne({ _id: req.params.id }));
});
app.post('/upsert', express.json(), async (req, res) => {
  const { userId } = req.body as { userId: string };
  const at = new Date();
  await db
    .collection<{ _id: string }>('people')
    .updateOne({ _id: `u:${userId}` }, { $set: { paidAt: at, updatedAt: at } }, { upsert: true });
  res.json({ success: true });
});
const server = app.listen(Number(values.port ?? 0), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ listening: `http://127.0.0.1:${port}` }));
});
process.once('SIGTERM', () => process.exit(0));
