import { randomBytes } from 'node:crypto';
import type { Redis } from '../platform/redis.ts';
import type { UserActor } from './route.ts';

/** One-use tickets for native `EventSource`, which cannot send a header: a token never stands in an address. */
export interface Tickets {
  /** Good for one use within 30 s. */
  issue(actor: UserActor): Promise<string>;
  /** Who it was issued to, once; null afterwards, or when it is too old or was never issued. */
  redeem(ticket: string): Promise<UserActor | null>;
}

const TICKET_SECONDS = 30;
const TICKET = /^[\w-]{32}$/;

export function createTickets(deps: { redis: Redis; prefix: string }): Tickets {
  const keyOf = (ticket: string) => `${deps.prefix}:ticket:${ticket}`;
  return {
    async issue(actor) {
      const ticket = randomBytes(24).toString('base64url');
      await deps.redis.set(keyOf(ticket), JSON.stringify(actor), 'EX', TICKET_SECONDS);
      return ticket;
    },
    async redeem(ticket) {
      if (!TICKET.test(ticket)) return null;
      const text = await deps.redis.getdel(keyOf(ticket));
      return text === null ? null : (JSON.parse(text) as UserActor);
    },
  };
}
