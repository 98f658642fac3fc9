/**
 * The platform's token comes as `#token=`, is kept for this tab only, and never stands in an address again. What it says
 * of its owner is read for show; the service checks it.
 */
export interface Session {
  token: string;
  userId: string;
  name: string;
  isAdmin: boolean;
}

const KEY = 'relance.token';

export function openSession(): Session | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  const token = sessionStorage.getItem(KEY);
  return token === null ? null : { token, ...claimsOf(token) };
}

function claimsOf(token: string): Omit<Session, 'token'> {
  const nobody = { userId: '', name: '', isAdmin: false };
  try {
    const part = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(part), letter => letter.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== 'object' || claims === null) return nobody;
    const { userId, name, role } = claims as Record<string, unknown>;
    return {
      userId: typeof userId === 'string' ? userId : '',
      name: typeof name === 'string' ? name : '',
      isAdmin: role === 'admin',
    };
  } catch {
    return nobody; // no token of ours: the service will say so
  }
}
