import type { Ack, ObservedMessage, OpenSession } from '../../channels/transport.ts';
import type { Clock } from '../../platform/clock.ts';
import { whatWasThrown } from './failures.ts';
import { chatIdOf, messageIdOf, phoneOf } from './message-ids.ts';
import { ackOf, isPersonal, readCall, readDeletion, readEdit, readMessage, readReaction } from './observe.ts';
import type { RawCall, RawMessage, RawReaction } from './page-client.ts';
import type { Sends } from './sends.ts';

/** What WhatsApp tells of messages, made into what the port knows and handed on in order. */
export interface Hearing {
  message(raw: RawMessage): void;
  ack(raw: RawMessage, ack: number): void;
  edited(raw: RawMessage, text: string): void;
  deleted(raw: RawMessage): void;
  reaction(raw: RawReaction): void;
  call(raw: RawCall): void;
  /** A message that came while nobody listened: told like a new one, with how far ours have come. */
  backlog(raw: RawMessage): void;
  /** Resolves when everything heard so far is handed on. */
  settled(): Promise<void>;
}

const REMEMBERED = 5_000;

export function createHearing(deps: {
  on: OpenSession['on'];
  clock: Clock;
  logger: { warn(message: string, fields: Record<string, unknown>): unknown };
  channelId: string;
  sends: Sends;
  lidAndPhone(id: string): Promise<{ lid?: string; pn?: string }>;
  moved(): void;
}): Hearing {
  const { on, sends } = deps;
  const told = new Set<string>();
  const phones = new Map<string, string>();
  let work: Promise<void> = Promise.resolve();

  /** Reloads and backlogs tell the same again. */
  const isNew = (messageId: string): boolean => {
    if (told.has(messageId)) return false;
    told.add(messageId);
    const [oldest] = told;
    if (told.size > REMEMBERED && oldest !== undefined) told.delete(oldest);
    return true;
  };

  const hand = (seen: ObservedMessage | null): void => {
    deps.moved();
    if (!seen || !isNew(seen.messageId)) return;
    work = work.then(async () => on.message(await withPhone(seen)));
  };

  /** Behind a hidden id there is a number that we may know the person by; it may also stay hidden. */
  async function withPhone(seen: ObservedMessage): Promise<ObservedMessage> {
    if (seen.phone !== null || seen.lid === null) return seen;
    const known = phones.get(seen.lid);
    if (known !== undefined) return { ...seen, phone: known };
    try {
      const phone = phoneOf((await deps.lidAndPhone(seen.lid)).pn ?? null);
      if (phone !== null) phones.set(seen.lid, phone);
      return { ...seen, phone };
    } catch (error) {
      deps.logger.warn('The number behind a hidden id could not be asked for.', {
        channelId: deps.channelId,
        error: whatWasThrown(error),
      });
      return seen;
    }
  }

  const acked = (messageId: string | null, ack: Ack): void => {
    if (messageId === null || ack === 0) return;
    on.receipt({ messageId, ack, at: deps.clock.now() });
    sends.ack(messageId, ack);
  };

  return {
    message(raw) {
      const seen = readMessage(raw);
      if (seen?.fromMe && sends.echoed(seen.messageId, seen.text)) deps.moved();
      else hand(seen);
    },
    ack(raw, ack) {
      if (!isPersonal(chatIdOf(raw.id)) || raw.id.fromMe !== true) return;
      deps.moved();
      acked(messageIdOf(raw.id), ackOf(ack));
    },
    edited: (raw, text) => hand(readEdit(raw, text)),
    deleted: raw => hand(readDeletion(raw)),
    reaction: raw => hand(readReaction(raw)),
    call: raw => hand(readCall(raw, deps.clock.now())),
    backlog(raw) {
      const seen = readMessage(raw);
      if (!seen) return;
      // What was sent at ack 0 or -1 is a copy that never left this device.
      if (seen.fromMe && ackOf(raw.ack) < 1) return;
      if (seen.fromMe) acked(seen.messageId, ackOf(raw.ack));
      if (!sends.isOurs(seen.messageId)) hand(seen);
    },
    settled: () => work,
  };
}
