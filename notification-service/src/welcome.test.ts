import { afterEach, beforeEach, expect, it } from 'vitest';
import { startNetwork } from '../simulated-whatsapp/start-network.ts';
import { type FakeHttp, startFakeHttp } from '../test/fakes/fake-http.ts';
import { createAuthenticator } from './http/authenticate.ts';
import { parsePhone } from './platform/phone.ts';
import { SAMPLE_MEMBER, SAMPLE_MESSAGES, SAMPLE_REFERRALS } from './welcome-samples.ts';
import { welcome } from './welcome.ts';

const jwtSecret = 'j'.repeat(32);
const serviceSecret = 's'.repeat(32);
const PICTURE = { url: 'http://localhost/api/relance/media/picture.png' };
const service = createAuthenticator({ JWT_SECRET: [jwtSecret], SERVICE_SECRET: [serviceSecret] });

let network: Awaited<ReturnType<typeof startNetwork>>;
let api: FakeHttp;
let existing: unknown[];
let printed: string;
let warnings: string[];

beforeEach(async () => {
  network = await startNetwork();
  existing = [];
  printed = '';
  warnings = [];
  api = await startFakeHttp(({ method, url }) => ({
    body: {
      success: true,
      data: method === 'GET' ? existing : url.endsWith('/upload-media') ? PICTURE : null,
    },
  }));
});
afterEach(async () => {
  await Promise.all([network.close(), api.close()]);
});

it('fills an empty service: seven messages by the admin, people by the service, phones on the network', async () => {
  await greet();
  const posts = api.requests.filter(({ method }) => method === 'POST');
  const messages = posts.filter(({ url }) => url === '/api/relance/admin/messages');
  expect(messages.map(({ body }) => body)).toEqual(
    SAMPLE_MESSAGES.map(({ messageTemplate }, index) => ({
      dayNumber: index + 1,
      messageTemplate,
      mediaUrls: index === 0 ? [PICTURE] : [],
    })),
  );
  for (const { headers } of messages) expect(service.user(headers.authorization).isAdmin).toBe(true);

  const pushed = posts.find(({ url }) => url === '/api/relance/internal/referrals');
  expect(pushed?.headers.authorization).toBe(`Bearer ${serviceSecret}`);
  expect((pushed?.body as { referrals: unknown[] }).referrals).toHaveLength(SAMPLE_REFERRALS.length);

  const state = (await (await fetch(`${network.url}/control/state`)).json()) as {
    numbers: { phone: string; registered: boolean }[];
  };
  expect(state.numbers.map(({ phone }) => phone)).toContain(SAMPLE_MEMBER.phone);
  expect(state.numbers.filter(({ registered }) => !registered)).toHaveLength(1);
  expect(warnings).toEqual([]);
});

it('leaves a service alone that has messages already, and greets all the same', async () => {
  existing = [{ dayNumber: 1 }];
  await greet();
  expect(api.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  expect(printed).toContain(`Relance runs at ${api.url}`);
});

it('prints one link for the member and one for the admin, whose tokens the service accepts, and the phones’ page', async () => {
  await greet();
  const roles = [...printed.matchAll(/#token=(\S+)/g)].map(
    match => service.user(`Bearer ${match[1] ?? ''}`).role,
  );
  expect(roles).toEqual(['member', 'admin']);
  expect(printed).toContain(network.url);
  expect(printed).not.toContain(serviceSecret);
});

it('greets although the sample data could not be loaded, and says why', async () => {
  await network.close();
  await greet();
  expect(warnings).toEqual(['The sample data could not be loaded']);
  expect(printed).toContain('What to try');
});

it('has people whose numbers are valid, so that none is refused', () => {
  for (const { phone } of [SAMPLE_MEMBER, ...SAMPLE_REFERRALS]) expect(parsePhone(phone)?.phone).toBe(phone);
});

async function greet(): Promise<void> {
  const note = (message: string): unknown => warnings.push(message);
  await welcome({
    apiUrl: api.url,
    environment: {
      JWT_SECRET: jwtSecret,
      SERVICE_SECRET: serviceSecret,
      SIMULATED_WHATSAPP_URL: network.url,
    },
    logger: { info: note, warn: note, error: note },
    print: text => {
      printed += text;
    },
  });
}
