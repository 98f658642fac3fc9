import { createSession } from 'better-sse';
import type { Request, Response } from 'express';

/** An open stream of Server-Sent Events. */
export interface Sse {
  /** What the page saw last, from `Last-Event-ID` (or `?lastEventId=`, for pages that read by fetch); null at first. */
  readonly lastEventId: string | null;
  /** `id: null` leaves the page's last id as it is. Nothing happens when the page has gone. */
  send: (event: { id: string | null; type: string; data: unknown }) => void;
  /** Called once, when the page has gone or we have ended it. */
  onClose(listener: () => void): void;
  close(): void;
}

const KEEP_ALIVE_MS = 15_000;
const RETRY_MS = 2_000;

/** Begins the stream; the route then answers {@link STREAMED}. The server ends it when it stops. */
export async function openSse(req: Request, res: Response): Promise<Sse> {
  const session = await createSession(req, res, {
    keepAlive: KEEP_ALIVE_MS,
    retry: RETRY_MS,
    headers: { 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' },
  });
  const asked = req.query['lastEventId'];
  const listeners: (() => void)[] = [];
  session.once('disconnected', () => {
    for (const listener of listeners.splice(0)) listener();
  });
  return {
    lastEventId:
      session.lastId !== '' ? session.lastId : typeof asked === 'string' && asked !== '' ? asked : null,
    send({ id, type, data }) {
      if (!session.isConnected) return;
      session.push(data, type, id ?? session.lastId);
    },
    onClose(listener) {
      if (session.isConnected) listeners.push(listener);
      else listener();
    },
    close: () => void res.end(),
  };
}
