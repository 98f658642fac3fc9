import type { CampaignDoc, CustomMedia } from './campaign-model.ts';
import type { Campaign } from './campaign-schemas.ts';

/** What a campaign has come to: counted elsewhere, from enrollments and the log of deliveries. */
export type CampaignCounts = Pick<
  Campaign,
  | 'targetsEnrolled'
  | 'targetsCompleted'
  | 'targetsExited'
  | 'targetsReplied'
  | 'messagesSent'
  | 'messagesDelivered'
  | 'messagesRead'
  | 'messagesFailed'
  | 'successRate'
>;

export const NO_COUNTS: CampaignCounts = {
  targetsEnrolled: 0,
  targetsCompleted: 0,
  targetsExited: 0,
  targetsReplied: 0,
  messagesSent: 0,
  messagesDelivered: 0,
  messagesRead: 0,
  messagesFailed: 0,
  successRate: 0,
};

/** A *campaign* as the public API shows it. Pure. */
export function presentCampaign(doc: CampaignDoc, counts: CampaignCounts): Campaign {
  return {
    _id: doc._id,
    userId: doc.memberId,
    name: doc.name,
    type: doc.type,
    status: doc.status,
    targetFilter: doc.targetFilter,
    customMessages: doc.customMessages.map(({ dayNumber, messageTemplate, mediaUrls }) => ({
      dayNumber,
      messageTemplate,
      mediaUrls: mediaUrls.map(presentMedia),
    })),
    maxMessagesPerDay: doc.maxMessagesPerDay,
    scheduledStartDate: doc.scheduledStartDate,
    runAfterCampaignId: doc.runAfterCampaignId,
    priority: doc.priority,
    onReply: doc.onReply,
    estimatedTargetCount: doc.estimatedTargetCount,
    ...counts,
    actualStartDate: doc.startedAt,
    startedAt: doc.startedAt,
    actualEndDate: doc.endedAt,
    cancelReason: doc.cancelReason,
    cancellationReason: doc.cancelReason,
    note: doc.note,
    enrollment: doc.enrolling && {
      state: doc.enrolling.state,
      reason: doc.enrolling.reason,
      considered: doc.enrolling.considered,
      matching: doc.enrolling.matching,
      leftOut: doc.enrolling.leftOut,
    },
    createdAt: doc.createdAt,
    updatedAt: doc.updatedAt,
  };
}

const presentMedia = ({ url, language, file, warning }: CustomMedia) => ({
  url,
  type: file?.type ?? null,
  ...(language === null ? {} : { language }),
  ...(warning === null ? {} : { warning }),
});
