import type { Api } from './api.ts';
import { ApiError, expired } from './api.ts';

export interface LiveEvent {
  type: string;
  data: unknown;
}
export interface Live {
  /** From now on; what was missed while the line was away comes when it is back. Returns how to stop. */
  listen(onEvent: (event: LiveEvent) => void): () => void;
}

const TYPES = ['qr', 'state', 'health', 'target', 'delivery', 'campaign'];
const AGAIN_MS = 2_000;

/** One stream a page, opened by a ticket with the first listener and again after every loss. */
export function followLive(api: Api): Live {
  const listeners = new Set<(event: LiveEvent) => void>();
  let lastEventId = '';
  let begun = false;

  async function open(): Promise<void> {
    try {
      const { ticket } = await api.post<{ ticket: string }>('/events/ticket');
      const query = new URLSearchParams({ ticket, ...(lastEventId ? { lastEventId } : {}) });
      const source = new EventSource(`/api/relance/events?${query.toString()}`);
      for (const type of TYPES)
        source.addEventListener(type, event => tell(type, event as MessageEvent<string>));
      // A ticket is good for one use: the browser's own way of coming back would be refused.
      source.onerror = () => {
        source.close();
        again();
      };
    } catch (error) {
      if (!(error instanceof ApiError) || error.kind !== 'expired') again();
    }
  }
  const again = (): void => {
    if (!expired.get()) setTimeout(() => void open(), AGAIN_MS);
  };
  function tell(type: string, event: MessageEvent<string>): void {
    if (event.lastEventId) lastEventId = event.lastEventId;
    const data: unknown = JSON.parse(event.data);
    for (const listener of listeners) listener({ type, data });
  }

  return {
    listen(onEvent) {
      listeners.add(onEvent);
      if (!begun) {
        begun = true;
        void open();
      }
      return () => void listeners.delete(onEvent);
    },
  };
}
