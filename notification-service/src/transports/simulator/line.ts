import { WebSocket } from 'ws';
import { TransportError } from '../../channels/transport.ts';
import { frameIn, type NetworkAnswer, type NetworkEvent } from './frames.ts';

/** One WebSocket to the network: it hands on events, and knows whether anybody is still at the other end. */
export interface Line {
  readonly isOpen: boolean;
  /** Synchronous: when it returns, the frame is on its way. */
  write(frame: Record<string, unknown>): void;
  /** Hangs up; `onLost` is not called afterwards. */
  hangUp(): void;
}

export interface LineEvents {
  event(event: NetworkEvent): void;
  answer(answer: NetworkAnswer): void;
  /** The line broke; called once, after the last event. */
  lost(): void;
}

/** Opens a line to `url` (http or ws). Rejects with a TransportError when nobody answers within the deadline. */
export async function openLine(
  url: string,
  { deadlineMs, heartbeatMs }: { deadlineMs: number; heartbeatMs: number },
  on: LineEvents,
): Promise<Line> {
  const socket = new WebSocket(deviceUrl(url), { handshakeTimeout: deadlineMs, maxPayload: 128 * 2 ** 20 });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', error => {
      reject(new TransportError('launch', 'The simulated WhatsApp does not answer.', { cause: error }));
    });
  });
  const stopHeart = beat(socket, heartbeatMs);
  let isOver = false;
  // `close` follows every error.
  socket.on('error', () => undefined);
  socket.on('message', data => {
    const frame = isOver ? undefined : frameIn((data as Buffer).toString('utf8'));
    if (!frame) return;
    if ('re' in frame) on.answer(frame);
    else on.event(frame);
  });
  socket.on('close', () => {
    stopHeart();
    if (isOver) return;
    isOver = true;
    on.lost();
  });
  return {
    get isOpen() {
      return !isOver && socket.readyState === WebSocket.OPEN;
    },
    write(frame) {
      socket.send(JSON.stringify(frame));
    },
    hangUp() {
      isOver = true;
      stopHeart();
      socket.terminate();
    },
  };
}

/** A line on which a ping stays without its pong for one beat is dead, whatever the socket believes. */
function beat(socket: WebSocket, heartbeatMs: number): () => void {
  let isAnswered = true;
  socket.on('pong', () => {
    isAnswered = true;
  });
  const timer = setInterval(() => {
    if (!isAnswered) {
      socket.terminate();
      return;
    }
    isAnswered = false;
    socket.ping();
  }, heartbeatMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

function deviceUrl(url: string): URL {
  const target = new URL('/device', url);
  target.protocol = target.protocol === 'https:' || target.protocol === 'wss:' ? 'wss:' : 'ws:';
  return target;
}
