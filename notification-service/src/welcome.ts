import { signToken } from './http/authenticate.ts';
import { wallNowMs } from './platform/clock.ts';
import type { Environment } from './platform/config.ts';
import type { EmbeddedLogger } from './platform/embedded-child.ts';
import {
  SAMPLE_ADMIN,
  SAMPLE_MEMBER,
  SAMPLE_MESSAGES,
  SAMPLE_REFERRALS,
  SAMPLE_UNREGISTERED,
} from './welcome-samples.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const LOGIN_LASTS_SECONDS = 7 * 24 * 60 * 60;

/** Where the embedded service is and what opens it. */
interface Access {
  apiUrl: string;
  networkUrl: string | undefined;
  memberToken: string;
  adminToken: string;
  serviceSecret: string;
}

/** Fills an empty service through its own HTTP API, then prints where to look and what to try. */
export async function welcome(options: {
  apiUrl: string;
  environment: Environment;
  logger: EmbeddedLogger;
  print?: (text: string) => void;
}): Promise<void> {
  const access = accessOf(options.apiUrl, options.environment);
  if (!access) return;
  await fillWhenEmpty(access, options.environment).catch((error: unknown) => {
    options.logger.warn('The sample data could not be loaded', { reason: String(error) });
  });
  (options.print ?? console.log)(greeting(access, options.environment));
}

function accessOf(apiUrl: string, environment: Environment): Access | undefined {
  const first = (name: string): string => environment[name]?.split(',')[0]?.trim() ?? '';
  const jwtSecret = first('JWT_SECRET');
  if (!jwtSecret) return undefined; // tokens are signed elsewhere, with a key that is not here
  const tokenOf = (who: { userId: string; email: string; name: string }, role: string): string =>
    signToken({ userId: who.userId, email: who.email, name: who.name, role }, jwtSecret, LOGIN_LASTS_SECONDS);
  return {
    apiUrl,
    networkUrl: environment['SIMULATED_WHATSAPP_URL'],
    memberToken: tokenOf(SAMPLE_MEMBER, 'member'),
    adminToken: tokenOf(SAMPLE_ADMIN, 'admin'),
    serviceSecret: first('SERVICE_SECRET'),
  };
}

/** Only the first time: whoever has messages has begun to use it. */
async function fillWhenEmpty(access: Access, environment: Environment): Promise<void> {
  const admin = `${access.apiUrl}/api/relance/admin`;
  const messages = `${admin}/messages`;
  const existing = (await call('GET', messages, access.adminToken)) as { data: unknown[] };
  if (existing.data.length > 0) return;
  for (const { image, ...message } of SAMPLE_MESSAGES) {
    const mediaUrls = image ? [await upload(`${admin}/upload-media`, access.adminToken, image)] : [];
    await call('POST', messages, access.adminToken, { ...message, mediaUrls });
  }
  if (access.networkUrl) await givePhones(access.networkUrl);
  const referrals = `${access.apiUrl}/api/relance/internal/referrals`;
  await call('POST', referrals, access.serviceSecret, { referrals: sampleReferrals(environment) });
}

async function givePhones(networkUrl: string): Promise<void> {
  const numbers = `${networkUrl}/control/numbers`;
  const since = new Date(wallNowMs() - 60 * DAY_MS).toISOString();
  await call('POST', numbers, undefined, { ...phoneOf(SAMPLE_MEMBER), registered: true, since });
  for (const person of SAMPLE_REFERRALS) {
    await call('POST', numbers, undefined, {
      ...phoneOf(person),
      registered: person.id !== SAMPLE_UNREGISTERED,
    });
  }
}

const phoneOf = ({ phone, name }: { phone: string; name: string }) => ({ phone, name });

/** Referred long enough ago to be enrolled at the next check. */
function sampleReferrals(environment: Environment) {
  const delayMinutes = Number(environment['RELANCE_ENROLLMENT_DELAY_MINUTES'] ?? 60);
  const createdAt = new Date(wallNowMs() - (delayMinutes + 60) * MINUTE_MS).toISOString();
  return SAMPLE_REFERRALS.map(({ id, name, phone, country, language }) => ({
    referrerUserId: SAMPLE_MEMBER.userId,
    _id: id,
    ...{ name, phoneNumber: phone, country, language: [language], createdAt },
    email: `${id}@example.org`,
    activeSubscriptionTypes: [],
  }));
}

/** Resolves with the address that a message names it by. */
async function upload(
  url: string,
  token: string,
  { filename, bytes }: { filename: string; bytes: Buffer },
): Promise<{ url: string }> {
  const form = new FormData();
  form.append('file', new Blob([Uint8Array.from(bytes)], { type: 'image/png' }), filename);
  const { data } = (await call('POST', url, token, form)) as { data: { url: string } };
  return { url: data.url };
}

async function call(method: string, url: string, token?: string, body?: unknown): Promise<unknown> {
  const asJson = body !== undefined && !(body instanceof FormData);
  const response = await fetch(url, {
    method,
    headers: {
      ...(asJson ? { 'Content-Type': 'application/json' } : {}),
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    },
    ...(asJson ? { body: JSON.stringify(body) } : { body: body ?? null }),
  });
  if (!response.ok)
    throw new Error(`${method} ${new URL(url).pathname}: ${response.status} ${await response.text()}`);
  return response.json();
}

function greeting(access: Access, environment: Environment): string {
  const { apiUrl, networkUrl, memberToken, adminToken } = access;
  const line = '─'.repeat(78);
  return `
${line}
 Relance runs at ${apiUrl}

 Member   ${apiUrl}/connect#token=${memberToken}
 Admin    ${apiUrl}/admin/messages#token=${adminToken}
${networkUrl ? ` Phones   ${networkUrl}   (simulated WhatsApp: play the phones here)\n` : ''}
 What to try
   1. Open the member's link and ask for a QR.
   2. On the phones' page, scan it as ${SAMPLE_MEMBER.name} (${SAMPLE_MEMBER.phone}).
   3. ${SAMPLE_REFERRALS.length} people are enrolled at the next check; run it now:
        curl -X POST ${apiUrl}/api/relance/admin/enrollment/run -H "Authorization: Bearer <admin token>"
   4. Watch the phones: answer as one of them, write STOP as another.
   5. Let one pay:
        curl -X POST ${apiUrl}/api/relance/internal/exit-user -H "Authorization: Bearer <SERVICE_SECRET of .data/secrets>" \\
          -H "Content-Type: application/json" -d '{"userId":"${SAMPLE_REFERRALS[0].id}"}'
${environment['SIMULATED_CLOCK'] ? '' : '\n A day a minute: npm start -- --fast     The whole story in a minute: npm run demo\n'}
 API      ${apiUrl}/docs
${line}`;
}
