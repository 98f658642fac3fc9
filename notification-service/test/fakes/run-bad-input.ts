import type { Route } from '../../src/http/route.ts';
import { type BadRequest, badRequests } from './bad-requests.ts';
import { sendBadRequest } from './send-bad-request.ts';

export interface BadInputRun {
  /** Requests sent. */
  sent: number;
  /** How many were answered with each status. */
  statuses: Record<number, number>;
  /** Answers that no caller should get, with the request that brought them about. */
  complaints: { complaint: string; request: string; body: string | null }[];
}

/** Sends `count` generated bad requests over all routes, some at once, and collects what is wrong with the answers. */
export async function runBadInput(options: {
  url: string;
  routes: readonly Route[];
  count: number;
  seed: number;
  /** A good token of the right role for the n-th request; null for none. */
  authorizationFor: (route: Route, n: number) => string | null;
  atOnce?: number;
}): Promise<BadInputRun> {
  const queue = badRequests(options.routes, options.count, options.seed).map((request, n) => ({
    request,
    n,
  }));
  const run: BadInputRun = { sent: queue.length, statuses: {}, complaints: [] };
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { request, n } = next;
      const answer = await sendBadRequest(options.url, request, options.authorizationFor(request.route, n));
      run.statuses[answer.status] = (run.statuses[answer.status] ?? 0) + 1;
      if (answer.complaint !== null) run.complaints.push(complaintAbout(request, answer.complaint));
    }
  };
  await Promise.all(Array.from({ length: options.atOnce ?? 16 }, worker));
  return run;
}

const complaintAbout = ({ method, url, headers, body }: BadRequest, complaint: string) => ({
  complaint,
  request: `${method} ${url.slice(0, 300)} ${JSON.stringify(headers)}`,
  body: body === null ? null : body.slice(0, 500),
});
