import { z } from 'zod';
import { EXIT_REASONS } from '../enrollments/index.ts';
import { instant, limitUpTo, page, pageQuery, queryBoolean, userId } from '../http/schemas.ts';

const count = z.number().int().nonnegative();
const percent = z.number().min(0).max(100).meta({ description: 'Per cent, two decimals.' });
const dayProgression = z
  .array(z.object({ day: z.number().int().min(1).max(7), count }))
  .length(7)
  .meta({ description: 'Active targets by the day they stand at.' });
const exitReasons = z.object(
  Object.fromEntries(EXIT_REASONS.map(reason => [reason, count])) as Record<
    (typeof EXIT_REASONS)[number],
    typeof count
  >,
);

const person = z.object({
  _id: z.string(),
  name: z.string(),
  email: z.string(),
  phoneNumber: z.string(),
});

const targetFields = {
  _id: z.string(),
  referrerUserId: z.string(),
  campaignId: z.string().nullable().meta({ description: 'null: the default campaign.' }),
  status: z.enum(['active', 'completed', 'paused']),
  currentDay: z.number().int().min(1).max(7),
  enteredLoopAt: z.date(),
  nextMessageDue: z.date().nullable().meta({ description: 'Never null while active.' }),
  lastMessageSentAt: z.date().nullable(),
  messagesDelivered: z.array(
    z.object({
      day: z.number().int(),
      sentAt: z.date(),
      status: z.enum(['delivered', 'failed']),
      errorMessage: z.string().optional(),
    }),
  ),
  exitedLoopAt: z.date().nullable(),
  exitReason: z.enum(EXIT_REASONS).nullable(),
  language: z.string(),
  why: z.string().nullable().meta({ description: 'Why the next message has not gone out.' }),
  whyCode: z.string().nullable(),
  nextAt: z.date().nullable().meta({ description: 'When it is tried.' }),
};
export const targetShape = z.object({ ...targetFields, referralUserId: z.string(), referral: person });
export const memberTargetShape = z.object({ ...targetFields, referralUserId: person });

export const pageOf = <T extends z.ZodType>(target: T) =>
  z.object({ targets: z.array(target), total: count, page: z.number().int(), totalPages: count });

export const timelineShape = z.object({
  target: targetShape,
  entries: z.array(
    z.object({
      at: z.date(),
      kind: z.string(),
      day: z.number().int().nullable(),
      part: z.number().int().nullable(),
      sentence: z.string(),
      text: z.string().nullable(),
    }),
  ),
});

export const campaignStatsShape = z.object({
  totalEnrolled: count,
  activeTargets: count,
  completedRelance: count.meta({ description: 'Went through all seven days.' }),
  totalMessagesSent: count,
  totalMessagesDelivered: count,
  deliveryPercentage: percent,
  isPaused: z.boolean(),
  dayProgression,
  completedTargets: count.meta({ description: 'Ended, whatever the reason.' }),
  totalTargets: count,
  successRate: percent.meta({ description: 'Of those that ended, how many paid: per cent.' }),
  exitReasons,
  activeCampaigns: count,
  totalMessages: count.meta({ description: 'Sent, left out and unknown.' }),
  sentMessages: count,
  deliveryRate: percent,
  totalUsersInRelance: count,
});

export const adminStatsShape = z.object({
  totalActiveTargets: count,
  totalCompletedTargets: count,
  totalMessagesSent: count,
  totalMessagesDelivered: count,
  totalSuccessRate: percent,
  activeConfigsCount: count,
  targetsEnrolledToday: count,
  messagesSentToday: count,
  exitReasons,
  dayProgression,
});

const logShape = z.object({
  _id: z.string(),
  targetId: z.string(),
  referralUserId: z.string(),
  referrerUserId: z.string(),
  dayNumber: z.number().int(),
  messageText: z.string(),
  success: z.boolean(),
  errorMessage: z.string().optional(),
  sentAt: z.date(),
  part: z.number().int(),
  outcome: z.enum(['sent', 'skipped', 'unknown']),
  deliveredAt: z.date().nullable(),
  readAt: z.date().nullable(),
});
export const logPageShape = z.object({
  logs: z.array(logShape),
  page: z.number().int(),
  limit: z.number().int(),
  total: count,
  totalPages: count,
});

export const auditShape = z.object({
  entries: z.array(
    z.object({
      _id: z.string(),
      actor: z.string(),
      action: z.string(),
      target: z.string(),
      before: z.unknown(),
      after: z.unknown(),
      at: z.date(),
    }),
  ),
  page: z.number().int(),
  limit: z.number().int(),
  total: count,
  totalPages: count,
});

/** Front ends send an empty value for "no filter". */
const unlessEmpty = <T extends z.ZodType>(schema: T) =>
  z
    .literal('')
    .transform(() => undefined)
    .or(schema)
    .optional();

/** `all` and nothing mean every status. */
const targetStatus = z
  .enum(['active', 'completed', 'paused', 'all', ''])
  .optional()
  .transform(status => (status === 'all' || status === '' ? undefined : status));

export const targetQuery = pageQuery(20).extend({ status: targetStatus });

/** A plain date as an upper bound means the whole of that day (UTC). */
const untilInstant = z
  .string()
  .max(40)
  .transform(text => (/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T23:59:59.999Z` : text))
  .pipe(instant);

export const logQuery = z.object({
  page,
  limit: limitUpTo(100, 50),
  userId: unlessEmpty(userId),
  dayNumber: unlessEmpty(
    z
      .string()
      .regex(/^[1-7]$/, 'must be a day from 1 to 7')
      .transform(Number),
  ),
  success: unlessEmpty(queryBoolean),
  dateFrom: unlessEmpty(instant),
  dateTo: unlessEmpty(untilInstant),
});

const word = z.string().max(100);
export const auditQuery = pageQuery(50).extend({
  actor: unlessEmpty(word),
  action: unlessEmpty(word),
  target: unlessEmpty(word),
});
