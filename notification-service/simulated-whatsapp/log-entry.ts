import type { MediaInfo, Message } from './network.ts';

/** One line of the log, as the control and the log file show it. */
export interface LogEntry {
  seq: number;
  id: string;
  at: string;
  /** Null when somebody typed it on the phone. */
  device: string | null;
  connection: number | null;
  from: string;
  to: string;
  kind: string;
  text: string;
  media: MediaInfo | null;
  quoted: string | null;
  acks: { ack: number; at: string }[];
  receivedAtMs: number;
  answeredAtMs: number | null;
}

export function logEntryOf(message: Message): LogEntry {
  const { seq, id, device, connection, from, to, kind, text, media, quoted, acks } = message;
  const { receivedAtMs, answeredAtMs } = message;
  const at = new Date(message.atMs).toISOString();
  return {
    seq,
    id,
    at,
    device,
    connection,
    from,
    to,
    kind,
    text,
    media,
    quoted,
    acks,
    receivedAtMs,
    answeredAtMs,
  };
}
