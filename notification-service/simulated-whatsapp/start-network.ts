import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { applyAck } from './acks.ts';
import { realCalendar, type Calendar } from './calendar.ts';
import { openDeviceDoor } from './device-door.ts';
import { answerHttp, isFromHere } from './http-door.ts';
import { openLogFile } from './log-file.ts';
import { createNetwork, DEFAULT_SETTINGS, type NetworkSettings } from './network.ts';
import { stopTimers } from './reset.ts';
import { keepInFile, takeUp } from './snapshot.ts';
import { openWebPage } from './web-page/open-web-page.ts';

export interface NetworkOptions extends Partial<NetworkSettings> {
  /** 0 takes a free port. Loopback only, always. */
  port?: number;
  /** The calendar that acks and typing follow; real time when it is not given. */
  clock?: Calendar;
  logFile?: string;
  /** Where numbers, devices and chats are kept between two runs; in memory only when it is not given. */
  stateFile?: string;
}

export interface RunningNetwork {
  /** `http://127.0.0.1:PORT`: the page and the control; devices come to `ws://…/device`. */
  url: string;
  /** Hangs up on everybody and keeps what is to be kept. Idempotent. */
  close(): Promise<void>;
}

/** Starts the simulated WhatsApp. Rejects when the port is taken or a file cannot be used. */
export async function startNetwork(options: NetworkOptions = {}): Promise<RunningNetwork> {
  const { port = 0, clock = realCalendar, logFile, stateFile, ...settings } = options;
  const log = logFile === undefined ? null : openLogFile(logFile);
  const network = createNetwork(clock, { ...DEFAULT_SETTINGS, ...settings }, applyAck, log?.record);
  if (stateFile !== undefined) takeUp(network, stateFile);
  const kept = stateFile === undefined ? null : keepInFile(network, stateFile);

  const webPage = await openWebPage(network);
  const place = { port: webPage.port, spki: webPage.spki };
  const server = createServer((request, response) => void answerHttp(network, place, request, response));
  const door = openDeviceDoor(server, network, isFromHere);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  }).catch(async (error: unknown) => {
    await webPage.close();
    throw error;
  });

  const close = async (): Promise<void> => {
    door.close();
    const closed = new Promise(resolve => server.close(resolve));
    server.closeAllConnections();
    await Promise.all([closed, webPage.close()]);
    for (const waiting of network.waiting.values()) clearInterval(waiting.refresh);
    kept?.stop();
    stopTimers(network);
    log?.close();
  };
  let closing: Promise<void> | undefined;
  const { port: taken } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${String(taken)}`, close: () => (closing ??= close()) };
}
