import { z } from 'zod';

const statusFields = {
  whatsappStatus: z.enum(['connected', 'disconnected', 'expired']),
  enabled: z.boolean(),
  enrollmentPaused: z.boolean(),
  sendingPaused: z.boolean(),
  messagesSentToday: z.number().int().meta({ description: 'Since midnight in the member’s zone.' }),
  lastConnectionCheck: z.date().nullable(),
  defaultCampaignPaused: z.boolean(),
  allowSimultaneousCampaigns: z.boolean(),
  maxMessagesPerDay: z.number().int(),
  maxTargetsPerCampaign: z.number().int(),
  lastQrScanDate: z.date().nullable(),
  connectionFailureCount: z.number().int().meta({ description: 'Failed reopenings of a stored login.' }),
  lastConnectionFailure: z.date().nullable(),
  lastConnectionFailureReason: z.string().nullable(),
  state: z.string(),
  stateReason: z.string().nullable(),
  attempt: z.number().int(),
  maxAttempts: z.number().int(),
  cooldownUntil: z.date().nullable(),
  phoneNumber: z.string().nullable(),
  consentAt: z.date().nullable(),
  health: z.object({
    score: z.number().int(),
    band: z.enum(['healthy', 'watch', 'poor', 'critical']),
    reasons: z.array(z.object({ points: z.number(), sentence: z.string() })),
  }),
} as const;

export const statusShape = z.object(statusFields);

/** The answer to a change of settings: the whole status, and what older pages look for. */
export const settingsShape = z.object({
  _id: z.string(),
  userId: z.string(),
  lastResetDate: z.date().meta({ description: 'The midnight that messagesSentToday counts from.' }),
  ...statusFields,
});
