import { PassThrough } from 'node:stream';
import request from 'supertest';
import { manualClock, type ManualClock } from '../../test/manual-clock.ts';
import { openTestStores, type TestStores } from '../../test/test-stores.ts';
import { signToken } from '../http/authenticate.ts';
import { createHttp, type Http } from '../http/server.ts';
import { createLogger } from '../platform/logger.ts';
import { createMetrics } from '../platform/metrics.ts';
import { createMessages, type Messages } from './index.ts';

/** The feature behind real HTTP on real stores; what it hands to others is written down. */
export interface TestBed {
  stores: TestStores;
  messages: Messages;
  http: Http;
  clock: ManualClock;
  /** `host:port` that may be fetched. */
  trusted: Set<string>;
  audit: { action: string; target: string; actor: string }[];
  sentTests: unknown[];
  ask<T>(
    method: 'get' | 'post' | 'delete',
    path: string,
    body?: object,
    as?: string,
  ): Promise<{ status: number } & Answer<T>>;
  save(body: object): Promise<{ status: number } & Answer<Record<string, unknown>>>;
  upload(bytes: Buffer, name: string): Promise<{ status: number } & Answer<Media>>;
  /** How many files and pieces of files are kept. */
  stored(): Promise<number[]>;
  /** No messages, nothing written down. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export interface Answer<T> {
  success: boolean;
  message: string;
  data: T;
  details: Record<string, unknown>;
}
export interface Media {
  url: string;
  type: string;
  filename: string;
  originalName: string;
  size: number;
}

const jwtSecret = 'j'.repeat(32);
export const token = (role: string, userId = 'boss', name?: string): string =>
  `Bearer ${signToken({ userId, email: 'a@example.org', role, ...(name === undefined ? {} : { name }) }, jwtSecret)}`;
const admin = token('admin');

export async function openTestBed(): Promise<TestBed> {
  const stores = await openTestStores();
  const clock = manualClock('2026-03-02T10:00:00Z');
  const trusted = new Set<string>();
  const audit: TestBed['audit'] = [];
  const sentTests: unknown[] = [];
  const logger = createLogger({ level: 'error', stream: new PassThrough().resume() });
  const messages = createMessages({
    ...{ db: stores.db, clock, logger },
    config: { PUBLIC_URL: 'https://relance.example', PORT: 3002, RELANCE_DEFAULT_LANGUAGE: 'fr' },
    recordAudit: entry => {
      audit.push(entry);
      return Promise.resolve();
    },
    sendTest: test => {
      sentTests.push(test);
      return Promise.resolve({ id: 'a'.repeat(24) });
    },
    outside: { resolve: () => Promise.resolve(['127.0.0.1']), trusted },
  });
  const http = createHttp({
    config: {
      ...{ JWT_SECRET: [jwtSecret], JWT_PUBLIC_KEY: undefined, SERVICE_SECRET: ['s'.repeat(32)] },
      ...{
        METRICS_TOKEN: undefined,
        CORS_ORIGINS: [],
        TRUST_PROXY: 0,
        PUBLIC_URL: 'https://relance.example',
      },
      ...{ RATE_LIMIT_READS: 10_000, RATE_LIMIT_WRITES: 10_000, REDIS_PREFIX: stores.keyPrefix },
    },
    ...{ routes: messages.routes, logger, redis: stores.redis, metrics: createMetrics() },
    ready: () => Promise.resolve({}),
  });
  const ask = async <T>(
    method: 'get' | 'post' | 'delete',
    path: string,
    body?: object,
    as = admin,
  ): Promise<{ status: number } & Answer<T>> => {
    const sent = request(http.app)[method](path).set('Authorization', as);
    const response = body === undefined ? await sent : await sent.send(body);
    return { ...(response.body as Answer<T>), status: response.status };
  };
  return {
    ...{ stores, messages, http, clock, trusted, audit, sentTests, ask },
    save: body => ask('post', '/api/relance/admin/messages', body),
    async upload(bytes, name) {
      const response = await request(http.app)
        .post('/api/relance/admin/upload-media')
        .set('Authorization', admin)
        .attach('file', bytes, { filename: name, contentType: 'image/png' });
      return { ...(response.body as Answer<Media>), status: response.status };
    },
    stored: () =>
      Promise.all(['media.files', 'media.chunks'].map(name => stores.db.collection(name).countDocuments())),
    async reset() {
      trusted.clear();
      audit.length = 0;
      sentTests.length = 0;
      await stores.db.collection('messages').deleteMany({});
      await stores.db.collection('message_versions').deleteMany({});
    },
    async close() {
      await http.close();
      await stores.close();
    },
  };
}

export const pdf = Buffer.from('%PDF-1.7\n%%EOF\n');
export const ogg = Buffer.concat([
  Buffer.from('OggS\0\x02', 'latin1'),
  Buffer.alloc(22),
  Buffer.from('OpusHead'),
  Buffer.alloc(60),
]);
export const mp4 = (length: number): Buffer =>
  Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1'), Buffer.alloc(length - 24)]);
