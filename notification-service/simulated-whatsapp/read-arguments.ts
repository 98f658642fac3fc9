import { parseArgs } from 'node:util';
import { calendarFrom } from './calendar.ts';
import type { NetworkOptions } from './start-network.ts';

const USAGE = `Usage: simulated-whatsapp [options]

  --port <n>                 where to listen on loopback (default 4600; 0 takes a free port)
  --seed <n>                 what hidden ids, ack times and chance are drawn from (default 1)
  --log <file>               append every accepted message to this file
  --state <file>             keep numbers, devices and chats in this file
  --calendar <text>          origin=<instant>,start=<instant>,rate=<n>: the calendar that acks follow
  --strict                   numbers that nobody named are not on WhatsApp
  --unregistered-share <x>   of the numbers that nobody named, the share that is not on WhatsApp (default 0)
  --read-share <x>           of the delivered messages, the share that is read by itself (default 0.5)
  --qr-life-ms <n>           how long a QR is good for (default 20000)`;

/** The options in these arguments, or the text that explains what was wrong with them. */
export function readArguments(args: string[]): NetworkOptions | string {
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: 'string', default: '4600' },
        seed: { type: 'string', default: '1' },
        log: { type: 'string' },
        state: { type: 'string' },
        calendar: { type: 'string' },
        strict: { type: 'boolean', default: false },
        'unregistered-share': { type: 'string', default: '0' },
        'read-share': { type: 'string', default: '0.5' },
        'qr-life-ms': { type: 'string', default: '20000' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return USAGE;
    return {
      port: numberIn('--port', values.port, 0, 65_535),
      seed: numberIn('--seed', values.seed, 0, 2 ** 32 - 1),
      strict: values.strict,
      unregisteredShare: numberIn('--unregistered-share', values['unregistered-share'], 0, 1),
      readShare: numberIn('--read-share', values['read-share'], 0, 1),
      qrLifeMs: numberIn('--qr-life-ms', values['qr-life-ms'], 100, 3_600_000),
      ...(values.log === undefined ? {} : { logFile: values.log }),
      ...(values.state === undefined ? {} : { stateFile: values.state }),
      ...(values.calendar ? { clock: calendarIn(values.calendar) } : {}),
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`;
  }
}

function numberIn(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= min && value <= max)) {
    throw new Error(`${name} must be a number from ${String(min)} to ${String(max)}.`);
  }
  return value;
}

function calendarIn(text: string) {
  const calendar = calendarFrom(text);
  if (!calendar) throw new Error('--calendar must be written as origin=<instant>,start=<instant>,rate=<n>.');
  return calendar;
}
