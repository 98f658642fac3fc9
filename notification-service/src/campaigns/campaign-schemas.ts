import { z } from 'zod';
import { ID_PATTERN } from '../platform/ids.ts';
import { customDayBody } from '../messages/index.ts';
import { CAMPAIGN_STATUSES } from './campaign-model.ts';
import { readFilterDate } from './matches-filter.ts';

const YEARS = 'must be a number of years';
const words = z.array(z.string().max(100)).max(300).nullish();
const years = z
  .union([z.number(), z.string().regex(/^\d{0,3}$/, YEARS)], YEARS)
  .nullish()
  .meta({ description: 'Whole years.' });
const day = z
  .string()
  .max(40)
  .refine(text => text === '' || readFilterDate(text) !== null, 'must be a date such as 2025-01-31')
  .nullish()
  .meta({ description: 'An instant, inclusive; a day beyond the month’s end means its last day.' });

const filterFields = {
  countries: words.meta({ description: 'ISO codes; empty: all.' }),
  registrationDateFrom: day,
  registrationDateTo: day,
  subscriptionStatus: z.enum(['subscribed', 'non-subscribed', 'all', '']).nullish(),
  hasUnpaidReferrals: z.boolean().nullish(),
  excludeCurrentTargets: z.boolean().nullish(),
  gender: z.string().max(60).nullish(),
  professions: words,
  minAge: years,
  maxAge: years,
};

export const previewBody = z.object({
  targetFilter: z.object(filterFields, 'Target filter is required'),
});

const NEEDED = 'Campaign name and target filter are required';

/** Pages send an empty value, or null, for "none". */
const orNone = <T>(shape: z.ZodType<T>) =>
  z
    .preprocess(given => (given === '' || given === undefined ? null : given), shape.nullable())
    .optional()
    .transform(found => found ?? null);

export const createBody = z.object({
  name: z.string(NEEDED).trim().min(1, NEEDED).max(200),
  targetFilter: z.object(filterFields, NEEDED),
  scheduledStartDate: orNone(
    z
      .string()
      .max(40)
      .transform((text, context) => {
        const at = readFilterDate(text);
        if (at === null) context.addIssue('must be a date such as 2025-01-31T10:00:00Z');
        return at ?? z.NEVER;
      }),
  ).meta({ description: 'Starts then, by itself.' }),
  runAfterCampaignId: orNone(z.string().regex(ID_PATTERN, 'is not a valid id')).meta({
    description: 'Starts when that campaign is over.',
  }),
  customMessages: z
    .array(customDayBody)
    .max(50)
    .nullish()
    .transform(found => found ?? []),
  maxMessagesPerDay: orNone(z.number().int().min(1).max(1_000)),
  priority: orNone(z.number().int().min(0).max(10)).meta({
    description: 'Among what is due, the higher goes first.',
  }),
  onReply: orNone(z.enum(['stop', 'pause', 'continue'])),
});
export type CreateBody = z.output<typeof createBody>;

export const reasonBody = z.object({ reason: orNone(z.string().trim().max(500)) });

const count = z.number().int().nonnegative();
const customMessage = z.object({
  dayNumber: z.number().int(),
  messageTemplate: z.record(z.string(), z.string()),
  mediaUrls: z.array(
    z.object({
      url: z.string(),
      type: z.string().nullable().meta({ description: 'Decided by content; null while it is missing.' }),
      language: z.string().optional(),
      warning: z.string().optional().meta({ description: 'Why the file is missing; it is tried again.' }),
    }),
  ),
});

export const campaignShape = z.object({
  _id: z.string(),
  userId: z.string(),
  name: z.string(),
  type: z.enum(['default', 'filtered']),
  status: z.enum(CAMPAIGN_STATUSES),
  targetFilter: z.object(filterFields).nullable().meta({ description: 'As it was sent.' }),
  customMessages: z.array(customMessage),
  maxMessagesPerDay: z.number().int().nullable(),
  scheduledStartDate: z.date().nullable(),
  runAfterCampaignId: z.string().nullable(),
  priority: z.number().int(),
  onReply: z.enum(['stop', 'pause', 'continue']),
  estimatedTargetCount: count,
  targetsEnrolled: count,
  targetsCompleted: count.meta({ description: 'Went through all seven days.' }),
  targetsExited: count.meta({ description: 'Ended before.' }),
  messagesSent: count,
  messagesDelivered: count.meta({ description: 'On the person’s phone, as WhatsApp says.' }),
  messagesRead: count,
  messagesFailed: count.meta({ description: 'Left out, with its reason in the log.' }),
  targetsReplied: count,
  successRate: z.number().meta({ description: 'Of those that ended, how many paid: per cent.' }),
  actualStartDate: z.date().nullable(),
  startedAt: z.date().nullable(),
  actualEndDate: z.date().nullable(),
  cancelReason: z.string().nullable(),
  cancellationReason: z.string().nullable(),
  note: z.string().nullable().meta({ description: 'What happened to it without the member’s doing.' }),
  enrollment: z
    .object({
      state: z.enum(['running', 'waiting', 'done']),
      reason: z.string().nullable(),
      considered: count,
      matching: count,
      leftOut: z.record(z.string(), count),
    })
    .nullable(),
  createdAt: z.date(),
  updatedAt: z.date(),
});
export type Campaign = z.output<typeof campaignShape>;

export const previewShape = z.object({
  totalCount: count,
  sampleUsers: z
    .array(
      z.object({
        _id: z.string(),
        name: z.string(),
        email: z.string(),
        phoneNumber: z.string(),
        country: z.string().nullable(),
        gender: z.string().nullable(),
        profession: z.string().nullable(),
        age: z.number().nullable(),
        createdAt: z.date().nullable(),
      }),
    )
    .max(5),
  message: z.string(),
  leftOut: z
    .record(z.string(), count)
    .meta({ description: 'Who matches and would not be enrolled now, by reason.' }),
});
export type Preview = z.output<typeof previewShape>;
