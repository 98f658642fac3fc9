import { z } from 'zod';

/** What the demo reads of each answer. */
const inEnvelope = <T extends z.ZodType>(data: T) => z.object({ data });
const exitReasons = z.record(z.string(), z.number());

export const anything = z.unknown();
export const linksAnswer = z.array(z.object({ device: z.string() }));
export const statusAnswer = inEnvelope(z.object({ whatsappStatus: z.string() }));
export const referralsAnswer = inEnvelope(z.object({ added: z.number(), invalid: z.array(z.unknown()) }));
export const exitAnswer = inEnvelope(z.object({ outcome: z.string() }));

export const campaignAnswer = inEnvelope(
  z.object({
    totalEnrolled: z.number(),
    activeTargets: z.number(),
    totalMessagesSent: z.number(),
    totalMessagesDelivered: z.number(),
    exitReasons,
  }),
);
export const platformAnswer = inEnvelope(
  z.object({
    totalActiveTargets: z.number(),
    totalCompletedTargets: z.number(),
    totalMessagesSent: z.number(),
    totalMessagesDelivered: z.number(),
    exitReasons,
  }),
);
const logLine = z.object({ referralUserId: z.string(), dayNumber: z.number(), outcome: z.string() });
export type LogLine = z.output<typeof logLine>;
export const logsAnswer = inEnvelope(z.object({ logs: z.array(logLine), totalPages: z.number() }));

const networkMessage = z.object({
  seq: z.number(),
  /** Null when somebody typed it on the phone. */
  device: z.string().nullable(),
  from: z.string(),
  to: z.string(),
  text: z.string(),
  at: z.string(),
  acks: z.array(z.object({ ack: z.number() })),
});
export type NetworkMessage = z.output<typeof networkMessage>;
export const networkLogAnswer = z.object({ entries: z.array(networkMessage), lastSeq: z.number() });
