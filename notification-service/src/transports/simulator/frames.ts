import { z } from 'zod';

const text = z.string();
const nullableText = z.string().nullable();

const event = z.discriminatedUnion('ev', [
  z.object({ ev: z.literal('qr'), text, validForMs: z.number() }),
  z.object({ ev: z.literal('linking') }),
  z.object({ ev: z.literal('linked'), login: z.object({ device: text, key: text }) }),
  z.object({
    ev: z.literal('ready'),
    identity: z.object({ phone: text, lid: text, inUseSince: nullableText }),
  }),
  z.object({
    ev: z.literal('message'),
    n: z.number(),
    message: z.object({
      messageId: text,
      at: text,
      phone: nullableText,
      lid: nullableText,
      chatId: text,
      fromMe: z.boolean(),
      kind: z.enum([
        'text',
        'image',
        'video',
        'audio',
        'document',
        'reaction',
        'edit',
        'deletion',
        'call',
        'other',
      ]),
      text,
      quotedMessageId: nullableText,
    }),
  }),
  z.object({
    ev: z.literal('receipt'),
    n: z.number(),
    receipt: z.object({ messageId: text, ack: ack(), at: text }),
  }),
  z.object({ ev: z.literal('closed'), reason: z.enum(['unlinked', 'replaced', 'link_timeout']) }),
]);

const answer = z.union([
  z.object({ re: z.number(), ok: z.literal(true), value: z.unknown() }),
  z.object({ re: z.number(), ok: z.literal(false), error: text, sentence: text }),
]);

/** What the network says by itself. */
export type NetworkEvent = z.infer<typeof event>;
/** What it answers to a question, by the question's number. */
export type NetworkAnswer = z.infer<typeof answer>;

/** The frame in these bytes; undefined when this is none that we know. */
export function frameIn(data: string): NetworkEvent | NetworkAnswer | undefined {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return undefined;
  }
  return (typeof json === 'object' && json !== null && 're' in json ? answer : event).safeParse(json).data;
}

/** What the answers carry. */
export const values = {
  pairingCode: z.object({ code: text }),
  lookup: z.object({ chatId: text, lid: text }).nullable(),
  typing: z.null(),
  sent: z.object({ messageId: text, lid: text }),
  unlinked: z.object({ unlinked: z.boolean() }),
  history: z.array(
    z.object({
      messageId: text,
      at: text,
      fromMe: z.boolean(),
      text,
      mediaKind: z.enum(['image', 'video', 'audio', 'document']).nullable(),
      ack: ack(),
    }),
  ),
};

function ack() {
  return z.literal([-1, 0, 1, 2, 3, 4]);
}
