import { EventEmitter, once } from 'node:events';
import { WebSocket } from 'ws';

type Frame = Record<string, unknown>;

/** A device as bare frames, for tests of the network alone. */
export interface TestDevice {
  readonly frames: Frame[];
  readonly login: { device: string; key: string };
  say(frame: Frame): void;
  /** The first frame, there or still to come, that has all of these fields. */
  frame(wanted: Frame): Promise<Frame>;
  send(messageId: string | null, to: string, text: string): void;
  hangUp(): Promise<void>;
}

/** Opens a line and says hello: with a login, or without one to wait for a scan, by `phone` where given. */
export async function joinAs(
  url: string,
  by: { phone: string } | { login: TestDevice['login'] | null; session?: string; resume?: boolean },
): Promise<TestDevice> {
  const socket = new WebSocket(new URL('/device', url.replace('http', 'ws')));
  const frames: Frame[] = [];
  const bell = new EventEmitter();
  socket.on('message', data => {
    frames.push(JSON.parse((data as Buffer).toString()) as Frame);
    bell.emit('frame');
  });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  const say = (frame: Frame): void => socket.send(JSON.stringify(frame));
  const frame = async (wanted: Frame): Promise<Frame> => {
    for (;;) {
      const found = frames.find(one => Object.entries(wanted).every(([key, value]) => one[key] === value));
      if (found) return found;
      await once(bell, 'frame');
    }
  };
  let req = 0;
  let login = 'login' in by ? by.login : null;
  const { session = 's', resume = false } = 'login' in by ? by : {};
  say({ op: 'hello', session, resume, login });
  if ('phone' in by) {
    const device =
      String((await frame({ ev: 'qr' }))['text'])
        .split(',')
        .at(-1) ?? '';
    await control(url, 'POST', `/control/links/${device}/scan`, { phone: by.phone });
    login = (await frame({ ev: 'linked' }))['login'] as TestDevice['login'];
    await frame({ ev: 'ready' });
  }
  return {
    frames,
    login: login ?? { device: '', key: '' },
    say,
    frame,
    send: (messageId, to, text) =>
      say({ op: 'send', req: (req += 1), chatId: `${to}@c.us`, messageId, text, media: null }),
    async hangUp() {
      const closed = once(socket, 'close');
      socket.terminate();
      await closed;
    },
  };
}

/** One request to the control: the status and the body. */
export async function control(
  url: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Frame }> {
  const response = await fetch(new URL(path, url), {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Frame };
}
