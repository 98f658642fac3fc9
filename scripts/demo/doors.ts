import type { z } from 'zod';
import { signToken } from '../../notification-service/src/http/authenticate.ts';
import { ADMIN, MEMBER } from './cast.ts';

type Method = 'GET' | 'POST' | 'PATCH';
/** One request; `shape` says what is read of the answer. Throws with the status and the sentence when it is refused. */
type Door = <T>(shape: z.ZodType<T>, method: Method, path: string, body?: object) => Promise<T>;

/** The only ways in: HTTP as a member, an admin and another service, and the network's control. */
export interface Doors {
  member: Door;
  admin: Door;
  service: Door;
  control: Door;
}

export function createDoors(options: {
  apiUrl: string;
  networkUrl: string;
  secrets: { jwt: string; service: string };
}): Doors {
  const { apiUrl, networkUrl, secrets } = options;
  const api = `${apiUrl}/api/relance`;
  return {
    member: doorOf(api, signToken({ ...MEMBER, role: 'user' }, secrets.jwt)),
    admin: doorOf(`${api}/admin`, signToken({ ...ADMIN, role: 'admin' }, secrets.jwt)),
    service: doorOf(`${api}/internal`, secrets.service),
    control: doorOf(`${networkUrl}/control`),
  };
}

const doorOf =
  (base: string, token?: string): Door =>
  async (shape, method, path, body) => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return shape.parse(await response.json());
  };
