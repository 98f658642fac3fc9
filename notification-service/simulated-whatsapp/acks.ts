import { tellReceipt } from './device-events.ts';
import { changed, nowMs, type DueAck, type Message, type Network, type NetworkSettings } from './network.ts';
import { chatOf } from './numbers.ts';
import { fractionOf, integerOf } from './seeded.ts';

/**
 * When the acks of a message come, in calendar milliseconds after its acceptance. Drawn from the seed and from
 * which message of this chat it is, so it is the same in every run: server at once, delivered within seconds
 * (a tenth of the phones is off for a while), read by some within hours.
 */
export function planAcks(
  { seed, readShare }: Pick<NetworkSettings, 'seed' | 'readShare'>,
  message: Pick<Message, 'from' | 'to' | 'ordinal' | 'blocked' | 'lateMs' | 'hold' | 'device'>,
): { ack: number; afterMs: number }[] {
  if (message.hold === 'never') return [];
  const { from, to, ordinal } = message;
  const draw = (min: number, max: number, what: string): number =>
    integerOf(seed, min, max, what, from, to, ordinal);
  const chance = (what: string): number => fractionOf(seed, what, from, to, ordinal);

  const serverMs = message.lateMs + draw(40, 250, 'server');
  const plan = [{ ack: 1, afterMs: serverMs }];
  if (message.blocked) return plan;
  const phoneIsOff = chance('off') < 0.1;
  const deliveredMs =
    serverMs + (phoneIsOff ? draw(10 * MINUTE, 120 * MINUTE, 'on') : draw(600, 8_000, 'delivered'));
  plan.push({ ack: 2, afterMs: deliveredMs });
  if (message.device !== null && chance('reads') < readShare) {
    plan.push({ ack: 3, afterMs: deliveredMs + draw(2 * MINUTE, 240 * MINUTE, 'read') });
  }
  return plan;
}

/** An ack has come due. Acks only go up; a repeated or late one changes nothing. */
export function applyAck(network: Network, { message, ack }: DueAck, atMs: number): void {
  if (ack <= ackOf(message)) return;
  const at = new Date(atMs).toISOString();
  message.acks.push({ ack, at });
  network.record({ ack: { seq: message.seq, id: message.id, ack, at } });
  tellReceipt(network, message, ack, at);
  changed(network);
}

/** `reader` has seen what `writer` sent: everything that reached them is read, and delivered before that. */
export function markRead(network: Network, reader: string, writer: string): number {
  const unread = chatOf(network, reader, writer).messages.filter(
    message => message.from === writer && !message.blocked && ackOf(message) < 3,
  );
  for (const message of unread) {
    for (const ack of [1, 2, 3]) applyAck(network, { message, ack }, nowMs(network));
  }
  return unread.length;
}

export const ackOf = (message: Message): number => message.acks.at(-1)?.ack ?? 0;

const MINUTE = 60_000;
