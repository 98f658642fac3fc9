import { z } from 'zod';

const req = z.number().int().nonnegative();
const chatId = z.string().min(1).max(64);
const token = z.string().min(1).max(128);
export const mediaKind = z.enum(['image', 'video', 'audio', 'document']);

/** What a device may say on its line. `req` numbers a question; its answer carries it back as `re`. */
export const deviceFrame = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('hello'),
    session: token,
    resume: z.boolean(),
    login: z.object({ device: token, key: token }).nullable(),
  }),
  z.object({ op: z.literal('pairing-code'), req, phone: z.string() }),
  z.object({ op: z.literal('lookup'), req, phone: z.string() }),
  z.object({ op: z.literal('typing'), req, chatId, ms: z.number().min(0).max(600_000) }),
  z.object({
    op: z.literal('send'),
    req,
    chatId,
    messageId: token.nullable(),
    text: z.string().max(65_536),
    media: z
      .object({ kind: mediaKind, mimeType: z.string(), filename: z.string(), base64: z.string() })
      .nullable(),
  }),
  z.object({ op: z.literal('history'), req, chatId, sinceMs: z.number() }),
  z.object({ op: z.literal('chats'), req }),
  z.object({ op: z.literal('unlink'), req }),
  z.object({ op: z.literal('confirm'), upTo: z.number().int() }),
]);

export type DeviceFrame = z.infer<typeof deviceFrame>;
export type Request = Extract<DeviceFrame, { req: number }>;

/** The frame in these bytes; undefined when they are none. */
export function frameIn(data: string): DeviceFrame | undefined {
  try {
    return deviceFrame.safeParse(JSON.parse(data)).data;
  } catch {
    return undefined;
  }
}
