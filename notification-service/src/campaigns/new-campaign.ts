import { newId } from '../platform/ids.ts';
import type { CampaignDoc, CustomMessage, TargetFilter } from './campaign-model.ts';

/** What every campaign begins with. */
export const FRESH = {
  status: 'draft',
  targetFilter: null,
  customMessages: [],
  maxMessagesPerDay: null,
  priority: 0,
  onReply: 'stop',
  scheduledStartDate: null,
  runAfterCampaignId: null,
  estimatedTargetCount: 0,
  startedAt: null,
  endedAt: null,
  cancelReason: null,
  note: null,
  enrolling: null,
  clearing: false,
  deletedAt: null,
} satisfies Partial<CampaignDoc>;

export interface NewCampaign {
  memberId: string;
  name: string;
  targetFilter: TargetFilter;
  customMessages: CustomMessage[];
  maxMessagesPerDay: number | null;
  priority: number;
  onReply: CampaignDoc['onReply'];
  scheduledStartDate: Date | null;
  runAfterCampaignId: string | null;
  estimatedTargetCount: number;
}

/** A filtered campaign that waits for its date or its predecessor is scheduled, else a draft. */
export const newFilteredCampaign = (wanted: NewCampaign, at: Date): CampaignDoc => ({
  ...FRESH,
  ...wanted,
  _id: newId(),
  type: 'filtered',
  status: wanted.scheduledStartDate || wanted.runAfterCampaignId ? 'scheduled' : 'draft',
  createdAt: at,
  updatedAt: at,
});
