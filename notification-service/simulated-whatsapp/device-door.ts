import type { IncomingMessage, Server } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { answerLinked, answerWaiting, type Answer } from './device-requests.ts';
import { confirmEvents } from './device-events.ts';
import { frameIn, type DeviceFrame } from './frames.ts';
import { logIn, stopWaiting, waitForScan } from './links.ts';
import { changed, type Connection, type EndReason, type Network } from './network.ts';

// A 50 MB document in base64, and what is around it.
const LONGEST_FRAME_BYTES = 72 * 2 ** 20;
const CLOSE_CODES: Record<EndReason, number> = { replaced: 4001, unlinked: 4002, link_timeout: 4003 };

/** The door for devices: one WebSocket each, at `/device`, JSON frames in both directions. */
export function openDeviceDoor(
  server: Server,
  network: Network,
  isWelcome: (request: IncomingMessage) => boolean,
): { close(): void } {
  const door = new WebSocketServer({
    noServer: true,
    maxPayload: LONGEST_FRAME_BYTES,
    perMessageDeflate: false,
  });
  server.on('upgrade', (request, socket, head) => {
    if (request.url !== '/device' || !isWelcome(request)) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    door.handleUpgrade(request, socket, head, line => {
      serveLine(network, line);
    });
  });
  return {
    close() {
      for (const line of door.clients) line.terminate();
      door.close();
    },
  };
}

/** One device's line, from its hello until it hangs up. */
function serveLine(network: Network, line: WebSocket): void {
  const connection = connectionOver(network, line);
  let deviceId: string | null = null;
  line.on('message', data => {
    const frame = frameIn((data as Buffer).toString('utf8'));
    if (connection.isMuted) return;
    if (!frame || (deviceId !== null) === (frame.op === 'hello')) {
      line.close(1008, 'This is not a frame that was expected.');
    } else if (frame.op === 'hello') {
      deviceId = greet(network, connection, frame);
    } else {
      hear(network, connection, deviceId ?? '', frame, line);
    }
  });
  line.on('close', () => {
    forgetConnection(network, connection, deviceId ?? '');
  });
  // `close` follows every error, and there is nothing more to do about one.
  line.on('error', () => undefined);
}

function connectionOver(network: Network, line: WebSocket): Connection {
  const underWay = new Set<string>();
  const connection: Connection = {
    number: (network.counters.connection += 1),
    underWay,
    isMuted: false,
    push(event) {
      if (line.readyState === line.OPEN && !connection.isMuted) line.send(JSON.stringify(event));
    },
    end(reason) {
      underWay.clear();
      if (line.readyState === line.OPEN) line.send(JSON.stringify({ ev: 'closed', reason }));
      line.close(CLOSE_CODES[reason]);
      setTimeout(() => {
        line.terminate();
      }, 2_000).unref();
    },
    drop() {
      underWay.clear();
      line.terminate();
    },
  };
  return connection;
}

/** Returns the id of the device that is at the other end. */
function greet(
  network: Network,
  connection: Connection,
  hello: Extract<DeviceFrame, { op: 'hello' }>,
): string {
  if (!hello.login) return waitForScan(network, connection, hello.session).id;
  const result = logIn(network, connection, { ...hello.login, session: hello.session, resume: hello.resume });
  if ('refused' in result) connection.end(result.refused);
  return hello.login.device;
}

/** Frames of a connection that is no longer the device's own are not heard: its time is over. */
function hear(
  network: Network,
  connection: Connection,
  deviceId: string,
  frame: Exclude<DeviceFrame, { op: 'hello' }>,
  line: WebSocket,
): void {
  const device = network.devices.get(deviceId);
  const waiting = network.waiting.get(deviceId);
  const isCurrent = device?.connection === connection;
  if (frame.op === 'confirm') {
    if (device && isCurrent) confirmEvents(device, frame.upTo);
    return;
  }
  const reply = (answer: Answer): void => {
    if ('silence' in answer || line.readyState !== line.OPEN) return;
    line.send(JSON.stringify({ re: frame.req, ...answer }));
  };
  if (device && isCurrent) {
    answerLinked(network, device, connection, frame).then(reply, (error: unknown) => {
      console.error(
        JSON.stringify({ level: 'error', message: 'A device got no answer.', error: String(error) }),
      );
      line.terminate();
    });
  } else if (waiting?.connection === connection) {
    reply(answerWaiting(network, waiting, frame));
  }
}

function forgetConnection(network: Network, connection: Connection, deviceId: string): void {
  connection.underWay.clear();
  const waiting = network.waiting.get(deviceId);
  if (waiting?.connection === connection) stopWaiting(network, waiting);
  const device = network.devices.get(deviceId);
  if (device?.connection !== connection) return;
  device.connection = null;
  changed(network);
}
