import mongoose from 'mongoose';
import { createPhoneHasher } from '../../src/platform/crypto.ts';

/** A process of its own that hashes one phone: `hash-phone-child.ts <mongodb uri> <secret> <phone>`. */
const [uri = '', secret = '', phone = ''] = process.argv.slice(2);
const client = await new mongoose.mongo.MongoClient(uri).connect();
const hash = await createPhoneHasher({ db: client.db(), secrets: [secret] });
process.send?.(hash(phone));
await client.close();
