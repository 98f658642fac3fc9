import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Somebody who is asked over and over. */
export interface Asked {
  url: string;
  method: 'GET' | 'POST';
  /** The n-th request, from 0 on. */
  headersOf(n: number): Record<string, string>;
  bodyOf?(n: number): object;
}

/** One stream of requests whose numbers go on from slice to slice. */
export interface OpenLoop {
  /**
   * Sends so many at a constant rate and waits for the answers. Each is sent at its moment, answered or not the ones
   * before: a server that stalls meets the whole queue it has made. Resolves with how long each took, in milliseconds;
   * rejects on any answer but 200.
   */
  slice(count: number, perSecond: number): Promise<number[]>;
  close(): void;
}

export function openLoop(asked: Asked): OpenLoop {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  let next = 0;
  return {
    async slice(count, perSecond) {
      const beginMs = performance.now();
      const answers: Promise<number>[] = [];
      for (let n = 0; n < count; n++) {
        const waitMs = beginMs + (n * 1_000) / perSecond - performance.now();
        if (waitMs > 0) await sleep(waitMs);
        const answer = ask(asked, agent, next++);
        answer.catch(() => undefined); // told below, once all are sent
        answers.push(answer);
      }
      return Promise.all(answers);
    },
    close: () => agent.destroy(),
  };
}

function ask({ url, method, headersOf, bodyOf }: Asked, agent: Agent, n: number): Promise<number> {
  const body = bodyOf && JSON.stringify(bodyOf(n));
  const headers = { ...headersOf(n), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) };
  return new Promise((resolve, reject) => {
    const sentMs = performance.now();
    const asking = request(url, { method, agent, headers }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - sentMs);
        else reject(new Error(`${method} ${url}: ${response.statusCode ?? 0} ${text}`));
      });
      response.once('error', reject);
    });
    asking.once('error', reject).end(body);
  });
}
