import { signToken } from '../../notification-service/src/http/authenticate.ts';
import { JWT_SECRET, SERVICE_SECRET } from './stage.ts';
import type { Stage } from './stage.ts';

/** Everybody who speaks HTTP in a storm: members, an admin, the platform, and whoever plays the phones. */
export interface Calls {
  member(userId: string, method: 'GET' | 'POST', path: string, body?: object): Promise<unknown>;
  admin(path: string, body?: object | FormData): Promise<unknown>;
  service(path: string, body: object): Promise<unknown>;
  control(path: string, body?: object): Promise<unknown>;
}

const PATIENCE_MS = 60_000;
const LOGIN_LASTS_SECONDS = 24 * 3_600;

/** Each rejects on any answer but a success; `data` of the service's answers is handed out, and the control's whole answer. */
export function createCalls({ apiUrl, networkUrl }: Pick<Stage, 'apiUrl' | 'networkUrl'>): Calls {
  const relance = `${apiUrl}/api/relance`;
  const tokenOf = (userId: string, role: string): string =>
    signToken(
      { userId, role, email: `${userId}@example.org`, name: userId },
      JWT_SECRET,
      LOGIN_LASTS_SECONDS,
    );
  const adminToken = tokenOf('admin', 'admin');
  return {
    member: (userId, method, path, body) =>
      ask(method, `${relance}${path}`, tokenOf(userId, 'member'), body).then(dataOf),
    admin: (path, body) => ask('POST', `${relance}/admin${path}`, adminToken, body).then(dataOf),
    service: (path, body) => ask('POST', `${relance}/internal${path}`, SERVICE_SECRET, body).then(dataOf),
    control: (path, body) => ask(body ? 'POST' : 'GET', `${networkUrl}/control${path}`, null, body),
  };
}

const dataOf = (answer: unknown): unknown => (answer as { data?: unknown }).data;

async function ask(
  method: string,
  url: string,
  token: string | null,
  body?: object | FormData,
): Promise<unknown> {
  const form = body instanceof FormData;
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined || form ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok) {
    throw new Error(`${method} ${new URL(url).pathname}: ${response.status} ${await response.text()}`);
  }
  return response.json();
}
