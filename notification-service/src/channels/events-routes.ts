import { z } from 'zod';
import { route, STREAMED } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { openSse } from '../http/sse.ts';
import type { Tickets } from '../http/tickets.ts';
import type { Events, MemberEvent } from '../platform/events.ts';

export interface EventRouteDeps {
  events: Events;
  tickets: Tickets;
}

export const eventRoutes = ({ events, tickets }: EventRouteDeps): Route[] => [
  route({
    method: 'get',
    path: '/api/relance/events',
    access: 'member',
    tag: 'Member',
    summary:
      'Server-Sent Events of this member: qr, state, health, target, delivery, campaign. Last-Event-ID replays.',
    ticket: true,
    query: z.object({ lastEventId: z.string().max(40).optional(), ticket: z.string().max(100).optional() }),
    replies: { 200: null },
    errors: { 503: 'Live updates are not available right now.' },
    async handle({ actor, query, req, res }) {
      const listener = await listenEarly(events, actor.userId, req.get('Last-Event-ID') ?? query.lastEventId);
      const sse = await openSse(req, res);
      sse.onClose(listener.stop);
      listener.tellTo(sse.send);
      return STREAMED;
    },
  }),
  route({
    method: 'post',
    path: '/api/relance/events/ticket',
    access: 'member',
    tag: 'Member',
    summary: 'A ticket for native EventSource (?ticket=): good for one use within 30 seconds.',
    replies: { 200: z.object({ ticket: z.string() }) },
    handle: async ({ actor }) => ({ data: { ticket: await tickets.issue(actor) } }),
  }),
];

/** Listens before the stream is opened, so that a failure can still be said in plain HTTP; what comes meanwhile waits. */
async function listenEarly(events: Events, memberId: string, afterId: string | undefined) {
  const waiting: MemberEvent[] = [];
  let tell = (event: MemberEvent): void => void waiting.push(event);
  const stop = await events.subscribe(memberId, {
    afterId: afterId ?? null,
    onEvent: event => tell(event),
  });
  return {
    stop,
    tellTo(send: (event: MemberEvent) => void): void {
      waiting.splice(0).forEach(send);
      tell = send;
    },
  };
}
