import { startNetwork } from '../simulated-whatsapp/start-network.ts';
import { createApp } from '../src/app.ts';
import type { App, Outside } from '../src/app.ts';
import { simulatedClock } from '../src/platform/clock.ts';
import type { Clock } from '../src/platform/clock.ts';
import { createLogger } from '../src/platform/logger.ts';
import { ask } from './test-http.ts';
import type { Answer } from './test-http.ts';
import { testConfig } from './test-http.ts';
import { openTestStores } from './test-stores.ts';
import type { TestStores } from './test-stores.ts';

export const SERVICE_SECRET = 's'.repeat(32);

export interface NetworkEntry {
  seq: number;
  device: string | null;
  from: string;
  to: string;
  text: string;
  at: string;
}

/** The whole service on real stores, with the simulated WhatsApp in this process: only the outside is faked. */
export interface TestApp {
  app: App;
  stores: TestStores;
  clock: Clock;
  /** Where its HTTP listens. */
  url: string;
  networkUrl: string;
  member(userId: string): ReturnType<typeof ask>;
  admin(): ReturnType<typeof ask>;
  /** A request of another service. */
  service(path: string, body: object): Promise<Answer>;
  control(path: string, body?: object): Promise<unknown>;
  /** What the service has sent, in the order WhatsApp took it. */
  sent(): Promise<NetworkEntry[]>;
  /** Connects a member: asks for a QR, and their phone scans it. */
  connect(userId: string, phone: string): Promise<void>;
  close(): Promise<void>;
}

/** `rate`: calendar milliseconds per real one, from `start` on. */
export async function startTestApp(
  options: {
    rate?: number;
    start?: string;
    environment?: Record<string, string>;
    outside?: Partial<Outside>;
  } = {},
): Promise<TestApp> {
  const stores = await openTestStores();
  const originMs = Date.now();
  const clock =
    options.outside?.clock ??
    simulatedClock({
      originMs,
      startMs: Date.parse(options.start ?? '2026-03-02T09:00:00Z'),
      rate: options.rate ?? 1,
    });
  const network = await startNetwork({ clock, seed: 7, readShare: 0 });
  const config = testConfig(stores, {
    TRANSPORT: 'simulator',
    SIMULATED_WHATSAPP_URL: network.url,
    PORT: '0',
    HOST: '127.0.0.1',
    RELANCE_ENROLLMENT_DELAY_MINUTES: '0',
    ...options.environment,
  });
  const app = await createApp(config, {
    logger: createLogger({ level: 'error' }),
    ...options.outside,
    clock,
  });
  const { url } = await app.start();

  const control = async (path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${network.url}/control${path}`, {
      method: body ? 'POST' : 'GET',
      ...(body ? { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const member = (userId: string) => ask(app.http, userId);
  return {
    app,
    stores,
    clock,
    url,
    networkUrl: network.url,
    member,
    admin: () => ask(app.http, 'admin', 'admin'),
    async service(path, body) {
      const response = await fetch(`${url}/api/relance/internal${path}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${SERVICE_SECRET}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, headers: {}, body: (await response.json()) as Answer['body'] };
    },
    control,
    async sent() {
      const { entries } = (await control('/log?after=0')) as { entries: NetworkEntry[] };
      return entries.filter(entry => entry.device !== null);
    },
    async connect(userId, phone) {
      await control('/numbers', { phone, registered: true, since: '2025-01-01T00:00:00Z' });
      const before = new Set(((await control('/links')) as { device: string }[]).map(link => link.device));
      await member(userId).post('/connect').expect(200);
      const links = (await control('/links')) as { device: string }[];
      const fresh = links.find(link => !before.has(link.device)) ?? links.at(-1);
      await control(`/links/${fresh?.device ?? ''}/scan`, { phone });
      await until(async () => {
        const { body } = await member(userId).get('/status');
        return (body.data as { whatsappStatus: string }).whatsappStatus === 'connected';
      }, `${userId} is connected`);
    },
    async close() {
      await app.close();
      await network.close();
      await stores.close();
    },
  };
}

/** Looks again and again until it holds; fails with what was waited for. */
export async function until(holds: () => Promise<boolean>, what: string, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`It did not come to this in ${withinMs} ms: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/** The seven texts, saved by an admin; the person's first name and the day stand in each. */
export async function writeMessages(test: TestApp, days = [1, 2, 3, 4, 5, 6, 7]): Promise<void> {
  for (const dayNumber of days) {
    const fr = `Bonjour {{ firstName }}, jour ${dayNumber} de {{ referrerName }}`;
    await test
      .admin()
      .post('/admin/messages', {
        dayNumber,
        messageTemplate: { fr, en: `Hello {{ firstName }}, day ${dayNumber}` },
      })
      .expect(200);
  }
}

/** People whom a member referred and who have not paid. */
export async function refer(
  test: TestApp,
  referrerUserId: string,
  people: { _id: string; name: string; phoneNumber: string; country?: string }[],
): Promise<void> {
  const createdAt = new Date(test.clock.now().getTime() - 2 * 3_600_000).toISOString();
  const referrals = people.map(person => ({
    country: 'FR',
    language: ['fr'],
    ...person,
    referrerUserId,
    createdAt,
    activeSubscriptionTypes: [],
  }));
  const answer = await test.service('/referrals', { referrals });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
}
